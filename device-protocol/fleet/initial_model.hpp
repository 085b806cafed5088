// Models to begin with: He-initialised networks, and the standardisation that a statistics task
// agreed on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

// Weights from N(0, 2 / inputs), biases 0. "standardise+mlp:..": mean 0 and scale 1 in front. "local-head+mlp:..": without the last layer.
// "statistics:F": zeros. "synthetic:D": D small numbers.
Outcome<std::vector<float>> initial_model(const std::string& model, std::uint64_t seed);

struct Standardisation {
  std::vector<float> mean;
  std::vector<float> inverse_deviation;
};

// From the model of a finished statistics task, see trainer/statistics.h. The deviation of a feature
// that hardly varies is taken as 0.3 % of its magnitude.
Outcome<Standardisation> standardisation_of(std::span<const float> statistics);

// An initial "standardise+mlp:.." model that begins with `standardisation`.
Outcome<std::vector<float>> standardised_model(const std::string& model,
                                               const Standardisation& standardisation,
                                               std::uint64_t seed);

}  // namespace tributary::fleet
