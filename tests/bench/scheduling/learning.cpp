#include "tests/bench/scheduling/learning.hpp"

#include <cmath>
#include <stdexcept>

#include "device-protocol/trainer/batch.h"

namespace tributary::bench {
namespace {

constexpr std::uint32_t inputs = 32;
constexpr std::uint32_t labels = 8;
constexpr std::uint32_t test_examples = 2000;
constexpr float learning_rate = 0.1F;
constexpr double noise = 2.2;

double uniform(std::uint64_t key) {
  return static_cast<double>(trib_mix(key) >> 11U) * 0x1p-53;
}

// Twelve uniforms less six: close enough to a normal one.
double normal(std::uint64_t key) {
  double sum = -6;
  for (std::uint64_t i = 0; i < 12; ++i) sum += uniform(key * 16 + i);
  return sum;
}

}  // namespace

Learning::Learning(std::span<const std::uint32_t> group, std::uint64_t seed) : seed_(seed) {
  if (trib_mlp_parse(&shape_, "mlp:32-48-8") != TRIB_OK) throw std::logic_error("model string");
  for (std::size_t i = 0; i < group.size(); ++i) {
    const std::uint64_t key = trib_mix(seed + 1000 + i);
    const auto count = static_cast<std::uint32_t>(30 + 60 * uniform(key));
    Data& data = devices_.emplace_back();
    for (std::uint32_t k = 0; k < count; ++k) {
      const std::uint64_t own = key + 100 + 2 * k;
      const auto any = static_cast<std::uint32_t>(labels * uniform(own));
      const auto typical = 2 * group[i] + static_cast<std::uint32_t>(2 * uniform(own + 1));
      add_example(data, uniform(trib_mix(own)) < 0.75 ? typical : any, trib_mix(own + 7));
    }
  }
  for (std::uint32_t k = 0; k < test_examples; ++k) {
    add_example(test_, k % labels, trib_mix(seed + 77) + k);
  }
}

// Around one of two centres of the label.
void Learning::add_example(Data& data, std::uint32_t label, std::uint64_t key) const {
  const std::uint64_t centre = trib_mix(seed_ + 5) + label * 2 + (uniform(key) < 0.5 ? 0 : 1);
  for (std::uint32_t j = 0; j < inputs; ++j) {
    const double value = normal(trib_mix(centre) + j) + noise * normal(trib_mix(key + 3) + j);
    data.features.push_back(static_cast<float>(value / 2));
  }
  data.labels.push_back(label);
}

trib_mlp Learning::trainer(const Data& data, std::vector<float>& scratch) const {
  scratch.resize(trib_mlp_scratch(&shape_));
  return {
      shape_,
      {data.features.data(), data.labels.data(), static_cast<std::uint32_t>(data.labels.size())},
      scratch.data()};
}

std::vector<float> Learning::initial() const {
  std::vector<float> weights(parameters());
  trib_mlp_init(&shape_, weights.data(), seed_);
  return weights;
}

std::vector<float> Learning::round(std::uint32_t number, const std::vector<float>& model,
                                   std::span<const std::uint32_t> devices) const {
  std::vector<double> sum(model.size(), 0.0);
  std::vector<float> scratch;
  std::vector<float> gradient(model.size());
  double weight = 0;
  for (const auto device : devices) {
    trib_mlp mlp = trainer(devices_[device], scratch);
    auto weights = model;
    for (std::uint32_t step = 0; step < local_steps; ++step) {
      trib_batch_report report{};
      if (trib_mlp_gradient(&mlp, weights.data(), gradient.data(), batch,
                            trib_mix(seed_ + device) + number, step, &report) != TRIB_OK) {
        throw std::logic_error("trainer");
      }
      for (std::size_t j = 0; j < weights.size(); ++j) weights[j] -= learning_rate * gradient[j];
    }
    const auto examples = static_cast<double>(devices_[device].labels.size());
    weight += examples;
    for (std::size_t j = 0; j < sum.size(); ++j) {
      sum[j] += examples * (static_cast<double>(weights[j]) - static_cast<double>(model[j]));
    }
  }
  auto next = model;
  if (weight <= 0) return next;
  for (std::size_t j = 0; j < next.size(); ++j) next[j] += static_cast<float>(sum[j] / weight);
  return next;
}

double Learning::accuracy(const std::vector<float>& model) const {
  std::vector<float> scratch;
  const trib_mlp mlp = trainer(test_, scratch);
  trib_mlp_score score{};
  if (trib_mlp_evaluate(&mlp, model.data(), &score) != TRIB_OK) throw std::logic_error("trainer");
  return static_cast<double>(score.correct) / test_examples;
}

}  // namespace tributary::bench
