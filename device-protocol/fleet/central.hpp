// The same model trained in one place on all data: what federated training is measured against.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "device-protocol/fleet/dataset.hpp"

namespace tributary::fleet {

struct Score {
  double accuracy = 0;  // share of right answers, 0..1
  double loss = 0;      // mean cross-entropy, nats
};

// Whether devices keep the model's last layer, each its own: what travels is no classifier by itself.
bool has_local_head(const std::string& model);

// Scores a model on examples; a local head comes behind what travels. A fault when the model string is no classifier, or the weights or the
// examples do not fit it.
Outcome<Score> score_model(const std::string& model, std::span<const float> weights,
                           const Examples& examples);

struct CentralPlan {
  std::uint64_t steps = 1;
  std::uint32_t batch_size = 32;
  float learning_rate = 0.1F;
  float clipping_norm = 0;  // L2 clip of each step's gradient; 0: off
  std::uint64_t seed = 1;
};

// As many steps as the devices of a task take together: rounds * contributions * local steps.
// `spec` is the task's spec; `devices` counts where it says cohort_size 0.
Outcome<CentralPlan> plan_of_task(const std::string& spec_json, std::uint64_t devices,
                                  std::uint64_t seed);

// Stochastic gradient descent with the devices' own trainer over all training examples. Returns the
// weights.
Outcome<std::vector<float>> train_centrally(const Dataset& data, const std::string& model,
                                            std::vector<float> weights, const CentralPlan& plan);

}  // namespace tributary::fleet
