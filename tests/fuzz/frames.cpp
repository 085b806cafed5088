// Upload and model chunk frames: what decodes encodes to the same bytes.
#include <cstdlib>

#include "device-protocol/cpp/frame.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const ByteView bytes(data, size);
  const auto same = [&](const Bytes& again) { return std::ranges::equal(again, bytes); };
  if (const auto chunk = wire::parse_upload_chunk(bytes)) {
    if (!same(wire::upload_chunk(*chunk))) std::abort();
  }
  if (const auto chunk = wire::parse_model_chunk(bytes)) {
    if (!same(wire::model_chunk(*chunk))) std::abort();
  }
  return 0;
}
