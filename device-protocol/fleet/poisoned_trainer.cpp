// What an attacker's device uploads: the opposite of what it learned, of the same size.
#include <vector>

#include "device-protocol/fleet/local_trainer.hpp"

namespace tributary::fleet {
namespace {

// The library uploads weights - initial. The honest weights mirror the visible ones at the initial ones:
// honest = 2 initial - visible. Stepping the visible ones along the honest gradient reversed keeps it so.
class PoisonedTrainer : public LocalTrainer {
 public:
  explicit PoisonedTrainer(std::unique_ptr<LocalTrainer> honest)
      : LocalTrainer(honest->trainer().model), honest_(std::move(honest)) {
    const auto& inner = honest_->trainer();
    mirrored_.resize(inner.parameters);
    trainer_.user = this;
    trainer_.parameters = inner.parameters;
    trainer_.examples = inner.examples;
    trainer_.gradient = reversed;
  }

 private:
  static trib_status reversed(void* user, const float* weights, float* gradient,
                              std::uint32_t batch_size, std::uint64_t seed, std::uint32_t step,
                              trib_batch_report* report) {
    auto& self = *static_cast<PoisonedTrainer*>(user);
    const auto& inner = self.honest_->trainer();
    if (step == 0 || self.initial_.empty()) {
      self.initial_.assign(weights, weights + inner.parameters);
    }
    for (std::uint32_t j = 0; j < inner.parameters; ++j) {
      self.mirrored_[j] = 2 * self.initial_[j] - weights[j];
    }
    const auto status =
        inner.gradient(inner.user, self.mirrored_.data(), gradient, batch_size, seed, step, report);
    for (std::uint32_t j = 0; j < inner.parameters; ++j) gradient[j] = -gradient[j];
    return status;
  }

  std::unique_ptr<LocalTrainer> honest_;
  std::vector<float> initial_;
  std::vector<float> mirrored_;
};

}  // namespace

std::unique_ptr<LocalTrainer> make_poisoned_trainer(std::unique_ptr<LocalTrainer> honest) {
  return std::make_unique<PoisonedTrainer>(std::move(honest));
}

}  // namespace tributary::fleet
