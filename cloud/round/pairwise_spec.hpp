// What an operator says about a task of mode pairwise: whom to expect among the devices, and how long the
// steps after the uploads may take.
#pragma once

#include <cstdint>

#include "crypto/pairwise/parameters.hpp"

namespace tributary::cloud::round {

struct PairwiseSpec {
  std::uint32_t corrupt_millionths = 100'000;  // of a group's devices, together with its gateway
  std::uint32_t dropout_millionths = 200'000;  // of a group's devices, in one round
  pairwise::GatewayModel gateway = pairwise::GatewayModel::semi_honest;
  std::uint32_t sigma = 40;      // privacy fails with probability at most 2^-sigma
  std::uint32_t eta = 30;        // a round cannot be finished with at most 2^-eta
  std::uint32_t witnesses = 30;  // wanted; all devices where there are fewer
  std::uint32_t witness_seconds = 60;
  std::uint32_t reveal_seconds = 120;
  // A member without a prekey for the next round is waited for this long.
  std::uint32_t member_patience_seconds = 300;

  // How much longer than the deadline of its uploads a round may take.
  std::uint32_t after_deadline_seconds() const { return witness_seconds + reveal_seconds; }
};

}  // namespace tributary::cloud::round
