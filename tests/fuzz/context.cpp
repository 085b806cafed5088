// Round contexts: whatever is accepted has sizes that fit each other and sums that cannot wrap.
#include <cstdlib>

#include "device-protocol/cpp/context.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const auto parsed = wire::parse_context({reinterpret_cast<const char*>(data), size});
  const auto* context = std::get_if<wire::Context>(&parsed);
  if (context == nullptr) return 0;
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < context->chunks(); ++i) bytes += context->bytes_of_chunk(i);
  if (bytes != context->upload_bytes()) std::abort();
  const auto half = std::int64_t{1} << (static_cast<int>(context->encoding.bits) - 1);
  if (context->encoding.coordinate_bound() * std::int64_t{context->n_max} >= half) std::abort();
  return 0;
}
