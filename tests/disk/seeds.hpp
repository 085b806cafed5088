// Which seeds a property is tried with. TRIBUTARY_SEED=n in the environment repeats one;
// TRIBUTARY_LONG=1 tries ten times as many.
#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>

namespace tributary::disk {

template <class Property>
void for_seeds(std::uint64_t count, Property&& property) {
  if (const char* one = std::getenv("TRIBUTARY_SEED")) {
    return property(std::strtoull(one, nullptr, 10));
  }
  const std::uint64_t times = std::getenv("TRIBUTARY_LONG") != nullptr ? 10 : 1;
  for (std::uint64_t seed = 1; seed <= count * times; ++seed) property(seed);
  if (std::getenv("TRIBUTARY_TEST_NAMES") != nullptr) {
    std::cout << "evidence: " << doctest::getContextOptions()->currentTest->m_name << ": "
              << count * times << " seeds" << std::endl;
  }
}

}  // namespace tributary::disk
