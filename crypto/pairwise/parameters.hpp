// How many neighbours k a device needs and how many shares t open a secret (Bell et al., CCS 2020,
// ePrint 2020/704, sections 3 and 4; threshold t2 instead of the smallest one: our own argument).
// With C = floor(corrupt * n), D = floor(dropout * n), S = n - D, B = C + D, for each even k:
//   connected  n(n-k-1)/2 * prod_{i<k} (B-i)/(n-i) < 2^-(sigma+1), or k > B
//   t1 = min{t : Pr[Hyp(n,C,k) > t] <= 2^-(sigma+1)/n}   corrupt neighbours a device may have
//   t2 = max{t : Pr[Hyp(n,S,k) < t] <= 2^-eta/n}         alive neighbours a device will have
//   semi-honest gateway: t1 < t <= t2; active: ceil((t1+k-1.25)/2)+1 <= t <= t2
// The smallest k with such a t is taken. Up to 50 devices the graph is complete, k = n-1.
#pragma once

#include <cstdint>
#include <optional>

#include "crypto/pairwise/outcome.hpp"

namespace tributary::pairwise {

enum class GatewayModel {
  semi_honest,  // follows the protocol and looks
  active,       // tells different devices different things
};

// A Shamir share sits at a non-zero point of GF(2^8): 255 of them, and 254 is the largest even k.
inline constexpr std::uint32_t most_neighbours = 254;
inline constexpr std::uint32_t complete_graph_devices = 50;  // up to here everybody knows everybody
inline constexpr std::uint32_t fewest_devices = 3;
inline constexpr std::uint32_t most_devices = 100'000;

// Shares of all devices in millionths: exact, where 0.29 * 100 in binary fractions is not 29.
struct Assumptions {
  std::uint32_t devices;             // n, 3..100,000
  std::uint32_t corrupt_millionths;  // gamma, below 1,000,000
  std::uint32_t dropout_millionths;  // delta, below 1,000,000
  GatewayModel gateway;
  std::uint32_t sigma = 40;  // privacy fails with probability at most 2^-sigma; 1..128
  std::uint32_t eta = 30;    // a round cannot be finished with at most 2^-eta; 1..128
  std::uint32_t neighbours_limit = most_neighbours;
};

struct Parameters {
  std::uint32_t neighbours;     // k
  std::uint32_t threshold_min;  // the smallest t that holds
  std::uint32_t threshold;      // t2, the one to use
  bool operator==(const Parameters&) const = default;
};

// No parameters: with more than neighbours_limit neighbours it would go (then how many), or not at
// all with at most 2,000 (too many corrupt devices, too many drop-outs, or too few devices).
struct Infeasible {
  std::optional<std::uint32_t> neighbours_needed;
};

// Throws std::invalid_argument when an assumption is outside its range.
Outcome<Parameters, Infeasible> find_parameters(const Assumptions& assumptions);

}  // namespace tributary::pairwise
