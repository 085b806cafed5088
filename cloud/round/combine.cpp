#include "cloud/round/combine.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace tributary::cloud::round {
namespace {

static_assert(std::endian::native == std::endian::little,
              "models and released sums are written as they lie in memory");

std::string fault_words(crypto::SumFault fault) {
  switch (fault) {
    case crypto::SumFault::none:
      return {};
    case crypto::SumFault::canary:
      return "C2: a canary word is not 0, so a mask or an update does not belong to this sum";
    case crypto::SumFault::coordinate_bound:
      return "C3: a coordinate exceeds what its devices may contribute";
    case crypto::SumFault::norm_bound:
      return "C3: the norm exceeds what its devices may contribute";
    case crypto::SumFault::weight:
      return "C3: the weight or metric words are impossible";
  }
  return {};
}

// model[first ..] += rate * delta; false where a parameter would not be finite, `at` says which.
bool step(Bytes& model, std::size_t& at, float rate, std::span<const float> delta) {
  for (const float change : delta) {
    float value = 0;
    std::memcpy(&value, model.data() + at * sizeof value, sizeof value);
    value += rate * change;
    if (!std::isfinite(value)) return false;
    std::memcpy(model.data() + at * sizeof value, &value, sizeof value);
    ++at;
  }
  return true;
}

UnmaskedPart burnt(std::string fault) {
  return {"the sum is burnt: " + std::move(fault), {}, {}};
}

}  // namespace

Hash released_sum_hash(const crypto::WordSums& sums) {
  const auto bytes = std::as_bytes(std::span(sums.words));
  return crypto::hash("released-sum", {ByteView{reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                bytes.size()}});
}

Hash model_hash(ByteView model) {
  return crypto::hash("model", {model});
}

UnmaskedPart unmask(MaskedPart part, const crypto::ExchangeSecret& combiner) {
  for (const auto& mask : part.masks) {
    const auto opened = crypto::open_sealed(combiner, mask.statement, mask.sealed);
    if (!opened) {
      return burnt("C1: the mask sum of helper " + mask.statement.helper.hex() +
                   " is not sealed to this combiner for these survivors");
    }
    if (opened->size() != part.words.size()) {
      return burnt("C1: the mask sum of helper " + mask.statement.helper.hex() + " has " +
                   std::to_string(opened->size()) + " bytes instead of " +
                   std::to_string(part.words.size()));
    }
    crypto::ring_subtract(part.encoding.bits, part.words, *opened);
  }
  crypto::WordSums sums{crypto::ring_centre(part.encoding.bits, part.words), part.count};
  if (auto fault = fault_words(crypto::check_sum(part.encoding, sums)); !fault.empty()) {
    return burnt(std::move(fault));
  }
  const auto hash = released_sum_hash(sums);
  return {{}, std::move(sums), hash};
}

void step_first_parameter(Bytes& model) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, model.data(), sizeof bits);
  constexpr std::uint32_t magnitude = 0x7fffffff;
  constexpr std::uint32_t largest = 0x7f7fffff;  // the next one is infinity
  bits = (bits & magnitude) == largest ? bits - 1 : bits + 1;
  std::memcpy(model.data(), &bits, sizeof bits);
}

GatewayMean gateway_mean(std::size_t part, const crypto::EncodingPlan& encoding,
                         const crypto::WordSums& sums) {
  auto mean = crypto::decode_mean(encoding, sums);
  return {part, std::move(mean.delta), mean.weight};
}

NextModel next_model(const crypto::Subset& subset, const crypto::EncodingPlan& encoding,
                     const crypto::WordSums& total, Bytes model, double rate,
                     const robust::Rule& rule, const std::vector<GatewayMean>& means) {
  NextModel next;
  if (model.size() != std::size_t{subset.parameters} * sizeof(float)) {
    next.fault = "the model has " + std::to_string(model.size() / sizeof(float)) +
                 " parameters, the round " + std::to_string(subset.parameters);
    return next;
  }
  auto mean = crypto::decode_mean(encoding, total);
  if (rule.kind != robust::Kind::mean) {
    next.fault = robust::fault_of(rule, means.size());
    if (!next.fault.empty()) return next;
    std::vector<robust::Update> updates;
    for (const auto& gateway : means) updates.push_back({gateway.delta, gateway.weight});
    auto believed = robust::aggregate(rule, updates);
    mean.delta = std::move(believed.values);
    for (const auto index : believed.left_out) next.left_out.push_back(means[index].part);
  }
  std::span<const float> delta = mean.delta;
  for (const auto& [first, count] : subset.travelling()) {
    std::size_t at = first;
    if (!step(model, at, static_cast<float>(rate), delta.first(count))) {
      next.fault = "parameter " + std::to_string(at) + " of the next model is not finite";
      return next;
    }
    delta = delta.subspan(count);
  }
  next.hash = model_hash(model);
  next.model = std::move(model);
  next.weight = mean.weight;
  next.loss = mean.loss;
  next.accuracy = mean.accuracy;
  return next;
}

}  // namespace tributary::cloud::round
