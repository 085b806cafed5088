#include "gateway/round/device_rule.hpp"

#include <cmath>

namespace tributary::gateway::round {
namespace {

struct Member {
  std::size_t index;
  double weight;              // w
  std::vector<float> values;  // the mean delta it claims
};

double weight_of(const crypto::EncodingPlan& plan, const crypto::WordSums& update) {
  return std::ldexp(static_cast<double>(update.words[plan.parameters]),
                    -static_cast<int>(plan.weight_scale_log2));
}

// An honest update of weight w has w times the norm and the coordinates of one of weight 1. Without this
// a device could claim little weight and any mean.
bool within_weight(const crypto::EncodingPlan& plan, const crypto::WordSums& update) {
  auto lighter = plan;
  lighter.clip_l2 *= weight_of(plan, update);
  lighter.clip_inf *= weight_of(plan, update);
  const auto most = lighter.coordinate_bound();
  double squares = 0;
  for (std::size_t j = 0; j < plan.parameters; ++j) {
    const auto word = update.words[j];
    if (word > most || word < -most) return false;
    squares += static_cast<double>(word) * static_cast<double>(word);
  }
  return squares <= lighter.norm_bound();
}

std::vector<float> mean_delta(const crypto::EncodingPlan& plan, const crypto::WordSums& update) {
  const double unit = std::ldexp(weight_of(plan, update), plan.scale_log2);
  std::vector<float> values(plan.parameters);
  for (std::size_t j = 0; j < values.size(); ++j) {
    values[j] = static_cast<float>(static_cast<double>(update.words[j]) / unit);
  }
  return values;
}

// The words of a sum whose mean is `mean`, with the metric words of `metrics`.
Bytes as_sum(const crypto::EncodingPlan& plan, std::span<const float> mean,
             const crypto::WordSums& metrics) {
  const double unit = std::ldexp(weight_of(plan, metrics), plan.scale_log2);
  auto words = metrics.words;
  for (std::size_t j = 0; j < mean.size(); ++j) {
    words[j] = std::llround(static_cast<double>(mean[j]) * unit);
  }
  return crypto::ring_words(plan.bits, words);
}

}  // namespace

DeviceAggregate aggregate_devices(crypto::EncodingPlan plan, const robust::Rule& rule,
                                  std::span<const Bytes> updates) {
  plan.noise = 0;  // it is added to the sum, not by the devices
  DeviceAggregate result;
  std::vector<Member> members;
  crypto::WordSums metrics{std::vector<std::int64_t>(plan.words()), 0};
  for (std::size_t i = 0; i < updates.size(); ++i) {
    const crypto::WordSums update{crypto::ring_centre(plan.bits, updates[i]), 1};
    if (crypto::check_sum(plan, update) != crypto::SumFault::none || !within_weight(plan, update)) {
      result.out_of_bounds.push_back(i);
      continue;
    }
    members.push_back({i, weight_of(plan, update), mean_delta(plan, update)});
    metrics.add(update);
  }
  result.fault = robust::fault_of(rule, members.size());
  if (!result.fault.empty()) return result;
  std::vector<robust::Update> views;
  for (const auto& member : members) views.push_back({member.values, member.weight});
  const auto believed = robust::aggregate(rule, views);
  for (const auto index : believed.left_out) result.not_believed.push_back(members[index].index);
  result.words = as_sum(plan, believed.values, metrics);
  return result;
}

}  // namespace tributary::gateway::round
