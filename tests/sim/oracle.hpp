// What must be true of a world, whatever has happened to it. Each function returns what is wrong, in words.
#pragma once

#include "tests/sim/world.hpp"

namespace tributary::sim {

using Wrongs = std::vector<std::string>;

// Released sums are the sums over exactly their survivors, in words and in the models' one-hot coordinates.
Wrongs wrong_sums(World& world);
// A contribution with a receipt is in a released sum, or in a round that is reported as abandoned. Rounds that
// are still open say nothing.
Wrongs wrong_receipts(World& world);
// No two vectors under one nonce, no two uploads of one device in the sums of one context, no device twice in
// a round.
Wrongs wrong_uploads(World& world);
// No plain update and no signing key in a log line; no plain update in a file of a gateway or the coordinator.
Wrongs wrong_secrets(World& world);
// The models are one chain, and rounds are abandoned only with a reason.
Wrongs wrong_chain(World& world);

Wrongs all_wrongs(World& world);

// For which devices (by place) the coordinate of the difference of two models is not 0.
std::set<std::uint32_t> one_hot(World& world, const Hash& before, const Hash& after);
// What a released sum must hash to, when these contributions are in it; zero: one is not known.
Hash expected_sum(World& world, const v1::GatewaySum& sum);

}  // namespace tributary::sim
