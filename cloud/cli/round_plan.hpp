// What a task's rounds could look like: ring, scale, cohort and noise, before the task is made. Pure.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "crypto/pairwise/parameters.hpp"
#include "crypto/privacy/ledger.hpp"
#include "crypto/quantise.hpp"

namespace tributary::cli {

struct RoundQuestion {
  std::uint32_t devices = 0;     // at each gateway
  std::uint32_t gateways = 2;    // from 1
  std::uint32_t parameters = 0;  // d
  std::uint32_t helpers = 1;     // 0: trusted-gateway
  bool pairwise = false;         // devices mask with each other; helpers are 0 then
  double dropout = 0.1;          // share of devices that vanish during a round, below 1
  double clip_l2 = 10;
  double clip_inf = 1;
  std::optional<crypto::RingBits> ring_bits;  // nullopt: the narrowest that is fine enough
  std::optional<double> epsilon;              // nullopt: no privacy
  double delta = 1e-6;
  std::uint32_t participations = 20;
  double device_noise = 0;         // what each device adds, in units of its update's norm; 0: none
  std::uint32_t update_bytes = 0;  // the most an update may have, framing included; 0: no limit
  std::uint32_t chunk_bytes = 16368;
};

struct RoundProposal {
  crypto::EncodingPlan encoding;
  std::uint32_t block_words = 0;                      // 0: everything travels
  std::uint32_t blocks = 0;                           // of that many words travel in a round
  double share = 1;                                   // of the parameters
  std::optional<pairwise::Parameters> neighbourhood;  // mode pairwise
  std::uint32_t cohort_size;  // over all gateways: reached in 99 of 100 rounds
  double over_selection;
  std::uint32_t n_min;
  privacy::Terms privacy;      // noise_multiplier 0: none
  double noise_to_signal = 0;  // L2 of the noise over the largest L2 of the sum, over all gateways
  std::uint32_t update_bytes;  // of one device, framing included
  std::uint32_t chunks;
  std::uint64_t journal_bytes;  // at one gateway
};

// Throws CommandFault when no ring is wide enough or too few devices are left; it names what to change.
RoundProposal propose_round(const RoundQuestion& question);
// Every figure, and in "spec" the members of a task spec to copy.
boost::json::object proposal_object(const RoundQuestion& question, const RoundProposal& proposal);
// The same in sentences that say why.
std::string proposal_text(const RoundQuestion& question, const RoundProposal& proposal);

}  // namespace tributary::cli
