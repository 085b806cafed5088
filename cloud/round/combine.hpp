// The combiner's arithmetic: masks off, checks C1..C3, exact sums, the next model. Pure CPU on
// values, for a worker thread.
#pragma once

#include <string>
#include <vector>

#include "crypto/quantise.hpp"
#include "crypto/sealed_box.hpp"

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

struct NextModel {
  std::string fault;  // empty, or why there is none
  Bytes model;        // d little-endian float32
  Hash hash;
  double weight = 0;
  double loss = 0;
  double accuracy = 0;
};
// model + rate * mean delta, in single precision. `model` holds encoding.parameters floats.
NextModel next_model(const crypto::EncodingPlan& encoding, const crypto::WordSums& total,
                     Bytes model, double rate);

}  // namespace tributary::cloud::round
