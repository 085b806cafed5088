// The model the devices train: the C library's reference trainer on synthetic data that differs by device, and by
// class of device. Where a class starves the model does not learn what only that class sees.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "device-protocol/trainer/mlp.h"

namespace tributary::bench {

class Learning {
 public:
  // `group[i]`: the class of device i, below 4. Each group sees mostly two of the eight labels.
  Learning(std::span<const std::uint32_t> group, std::uint64_t seed);

  std::uint32_t parameters() const { return trib_mlp_parameters(&shape_); }
  static constexpr std::uint32_t local_steps = 12;
  static constexpr std::uint32_t batch = 8;

  std::vector<float> initial() const;
  // Mean of these devices' updates, by their numbers of examples; the model after the round.
  std::vector<float> round(std::uint32_t number, const std::vector<float>& model,
                           std::span<const std::uint32_t> devices) const;
  double accuracy(const std::vector<float>& model) const;

 private:
  struct Data {
    std::vector<float> features;
    std::vector<std::uint32_t> labels;
  };
  void add_example(Data& data, std::uint32_t label, std::uint64_t key) const;
  trib_mlp trainer(const Data& data, std::vector<float>& scratch) const;

  trib_mlp_shape shape_{};
  std::uint64_t seed_;
  std::vector<Data> devices_;
  Data test_;
};

}  // namespace tributary::bench
