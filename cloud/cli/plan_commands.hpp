// What `tributary plan` answers, apart from the words it prints it in.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "crypto/pairwise/parameters.hpp"

namespace tributary::cli {

// Shares as on the command line, in [0, 1).
struct PairwiseQuestion {
  std::uint32_t devices = 0;
  double corrupt = 0;
  double dropout = 0;
  std::string gateway;  // "active" or "semi-honest"
  std::uint32_t sigma = 40;
  std::uint32_t eta = 30;
};

// Throws CommandFault with exit code 2 when no parameters exist, saying what to change.
pairwise::Parameters plan_pairwise(const PairwiseQuestion& question);
// {"neighbours", "threshold_min", "threshold"}
boost::json::object plan_object(const pairwise::Parameters& parameters);
// What the figures mean and when the mode is recommended, in a few sentences.
std::string plan_text(const PairwiseQuestion& question, const pairwise::Parameters& parameters);

}  // namespace tributary::cli
