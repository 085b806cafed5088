// The trainer of one device for one model string, over the device's share of the data.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "device-protocol/fleet/outcome.hpp"
#include "device-protocol/fleet/partition.hpp"
#include "tributary/trainer.h"

namespace tributary::fleet {

// Owns what the C trainer points to; stays at its address. One thread at a time.
class LocalTrainer {
 public:
  virtual ~LocalTrainer() = default;
  const trib_trainer& trainer() const { return trainer_; }

 protected:
  explicit LocalTrainer(std::string model) : model_(std::move(model)) {
    trainer_.model = model_.c_str();
  }
  LocalTrainer(const LocalTrainer&) = delete;
  LocalTrainer& operator=(const LocalTrainer&) = delete;

  const std::string model_;
  trib_trainer trainer_{};
};

// "mlp:IN-HIDDEN-..-OUT", "standardise+mlp:..", "local-head+mlp:..", "statistics:FEATURES". A fault when the model string
// is another or does not fit the data's features and classes.
Outcome<std::unique_ptr<LocalTrainer>> make_trainer(const std::string& model,
                                                    const LocalExamples& examples);

// Takes part in rounds of any model of `parameters` with a gradient that costs next to nothing: for
// load tests, where the mathematics does not matter.
std::unique_ptr<LocalTrainer> make_synthetic_trainer(const std::string& model,
                                                     std::uint32_t parameters);

// Takes part in nothing: what a device runs before it knows what it is asked to train.
std::unique_ptr<LocalTrainer> make_idle_trainer();

}  // namespace tributary::fleet
