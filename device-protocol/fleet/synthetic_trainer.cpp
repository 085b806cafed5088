#include "device-protocol/fleet/local_trainer.hpp"

namespace tributary::fleet {
namespace {

constexpr std::uint32_t kExamples = 1000;

// A cheap integer hash of (seed, step) that walks over the coordinates: small, of both signs and
// different for every device and step.
trib_status cheap_gradient(void* user, const float*, float* gradient, std::uint32_t batch_size,
                           std::uint64_t seed, std::uint32_t step, trib_batch_report* report) {
  const auto parameters = *static_cast<const std::uint32_t*>(user);
  auto state = static_cast<std::uint32_t>(seed ^ seed >> 32) + step * 0x9e3779b9U;
  for (std::uint32_t i = 0; i < parameters; ++i) {
    state = state * 1664525U + 1013904223U;
    gradient[i] = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-37F;
  }
  *report = {1.0F, batch_size / 2, batch_size > 0 ? batch_size : 1};
  return TRIB_OK;
}

class SyntheticTrainer : public LocalTrainer {
 public:
  SyntheticTrainer(const std::string& model, std::uint32_t parameters)
      : LocalTrainer(model), parameters_(parameters) {
    trainer_.user = &parameters_;
    trainer_.parameters = parameters;
    trainer_.examples = kExamples;
    trainer_.gradient = cheap_gradient;
  }

 private:
  std::uint32_t parameters_;
};

trib_status no_gradient(void*, const float*, float*, std::uint32_t, std::uint64_t, std::uint32_t,
                        trib_batch_report*) {
  return TRIB_TRAINER;
}

class IdleTrainer : public LocalTrainer {
 public:
  IdleTrainer() : LocalTrainer("none") {
    trainer_.parameters = 1;
    trainer_.gradient = no_gradient;
  }
};

}  // namespace

std::unique_ptr<LocalTrainer> make_synthetic_trainer(const std::string& model,
                                                     std::uint32_t parameters) {
  return std::make_unique<SyntheticTrainer>(model, parameters);
}

std::unique_ptr<LocalTrainer> make_idle_trainer() {
  return std::make_unique<IdleTrainer>();
}

}  // namespace tributary::fleet
