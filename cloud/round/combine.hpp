// The combiner's arithmetic: masks off, checks C1..C3, exact sums, the next model. Pure CPU on
// values, for a worker thread.
#pragma once

#include <string>
#include <vector>

#include "crypto/quantise.hpp"
#include "crypto/robust/rule.hpp"
#include "crypto/sealed_box.hpp"
#include "crypto/subset.hpp"

namespace tributary::cloud::round {

struct SealedMask {
  crypto::SealStatement statement;
  Bytes sealed;
};
// One gateway's masked sum and the sealed mask sums of all its helpers.
struct MaskedPart {
  crypto::EncodingPlan encoding;
  std::uint32_t count;  // survivors
  Bytes words;          // Y, whole words as the encoding says
  std::vector<SealedMask> masks;
};
struct UnmaskedPart {
  std::string fault;  // empty, or the check that failed; the sums are empty then
  crypto::WordSums sums;
  Hash sum_hash;  // H("released-sum", words as little-endian int64)
};
UnmaskedPart unmask(MaskedPart part, const crypto::ExchangeSecret& combiner);

Hash released_sum_hash(const crypto::WordSums& sums);
Hash model_hash(ByteView model);  // H("model", bytes)

// Moves the first of the float32 parameters to the next value away from zero: another model to a hash, the
// same to everything else.
void step_first_parameter(Bytes& model);

// One gateway's part as a robust rule sees it.
struct GatewayMean {
  std::size_t part;          // whose
  std::vector<float> delta;  // d', of the parameters that travel
  double weight;
};
GatewayMean gateway_mean(std::size_t part, const crypto::EncodingPlan& encoding,
                         const crypto::WordSums& sums);

struct NextModel {
  std::string fault;  // empty, or why there is none
  Bytes model;        // d little-endian float32
  Hash hash;
  double weight = 0;
  double loss = 0;
  double accuracy = 0;
  std::vector<std::size_t> left_out;  // parts the rule did not believe
};
// model + rate * mean delta, in single precision, where the round's words belong; the other parameters stay as
// they are, to the bit. `model` holds subset.parameters floats. The mean is
// that of `total`, exact over any split into gateways; with another rule than the mean it is what the
// rule makes of `means`. Weight, loss and accuracy are always those of `total`.
NextModel next_model(const crypto::Subset& subset, const crypto::EncodingPlan& encoding,
                     const crypto::WordSums& total, Bytes model, double rate,
                     const robust::Rule& rule = {}, const std::vector<GatewayMean>& means = {});

}  // namespace tributary::cloud::round
