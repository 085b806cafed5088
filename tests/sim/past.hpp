// The list of mixes that once failed.
#pragma once

#include "tests/sim/mix.hpp"

namespace tributary::sim {

struct Past {
  Mix mix;
  std::string why;
};
// Lines "mix | why"; what begins with # is comment. Throws std::invalid_argument for a line without a why.
std::vector<Past> parse_past(const std::string& text);
std::vector<Past> past_failures();  // tests/sim/past_failures

}  // namespace tributary::sim
