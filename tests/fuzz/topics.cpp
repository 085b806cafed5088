// Topics devices publish to: what is taken apart is put together to the same text.
#include <cstdlib>

#include "device-protocol/cpp/topics.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto topic = wire::parse_up_topic(text)) {
    if (wire::up_topic(topic->device, topic->kind) != text) std::abort();
  }
  return 0;
}
