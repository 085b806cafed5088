// A malicious helper: it has the certificate and the epoch key of gateway 2's helper role, and answers sum
// requests with masks of its own invention, well sealed and signed.
#pragma once

#include "tests/sim/ploy.hpp"

namespace tributary::sim {

class PuppetHelper {
 public:
  // Takes the place of gateway 2, which has joined and ends; before the task is made.
  explicit PuppetHelper(World& world);

  // The honest mask sum of gateway 1's newest sum, as little-endian words.
  Bytes true_masks(const Ploy& ploy) const;
  // Seals `masks` for that sum and gives it to the coordinator; the status of the answer.
  unsigned answer(const Ploy& ploy, const Bytes& masks);

 private:
  World& world_;
  crypto::ExchangeSecret epoch_ = crypto::ExchangeSecret::random();
};

}  // namespace tributary::sim
