// One simulated run from a mix: its storm, calm, and what was wrong with it.
#pragma once

#include "tests/sim/mix.hpp"
#include "tests/sim/oracle.hpp"

namespace tributary::sim {

struct Course {
  Wrongs wrongs;
  std::vector<std::string> transcript;
  std::uint32_t strikes = 0;
  std::uint32_t released = 0;
  std::uint32_t abandoned = 0;
};

// The same mix gives the same course, to the byte. Never throws: what is thrown is wrong.
Course run(const Mix& mix);

}  // namespace tributary::sim
