#include "tests/fuzz/chance.hpp"

#include <sodium.h>

namespace tributary::fuzz {
namespace {

Chance stream{0};

const char* name() {
  return "seeded";
}
std::uint32_t random() {
  return static_cast<std::uint32_t>(stream.next());
}
void fill(void* out, const std::size_t size) {
  auto* bytes = static_cast<std::uint8_t*>(out);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(stream.next());
}

randombytes_implementation seeded{name, random, nullptr, nullptr, fill, nullptr};

}  // namespace

void seed_libsodium(std::uint64_t seed) {
  stream = Chance(seed);
  randombytes_set_implementation(&seeded);
}

}  // namespace tributary::fuzz
