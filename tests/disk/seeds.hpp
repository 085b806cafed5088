// Which seeds a property is tried with. TRIBUTARY_SEED=n in the environment repeats one;
// TRIBUTARY_LONG=1 tries ten times as many.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace tributary::disk {

template <class Property>
void for_seeds(std::uint64_t count, Property&& property) {
  if (const char* one = std::getenv("TRIBUTARY_SEED")) {
    return property(std::strtoull(one, nullptr, 10));
  }
  const std::uint64_t times = std::getenv("TRIBUTARY_LONG") != nullptr ? 10 : 1;
  for (std::uint64_t seed = 1; seed <= count * times; ++seed) property(seed);
}

}  // namespace tributary::disk
