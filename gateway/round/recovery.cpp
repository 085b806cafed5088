// The part of Round that continues from the disk after a crash.
#include <algorithm>

#include "gateway/round/pairwise_terms.hpp"
#include "gateway/round/round.hpp"

namespace tributary::gateway::round {

std::pair<Round, Effects> Round::recover(const Plan& plan, const Limits& limits,
                                         std::vector<DeviceId> expected, Recovered recovered,
                                         Instant now) {
  Round round(plan, limits, std::move(expected), now);
  round.restore(std::move(recovered));
  Effects effects = std::move(round.effects_);
  round.effects_.clear();
  return {std::move(round), std::move(effects)};
}

void Round::restore(Recovered recovered) {
  for (auto& contribution : recovered.contributions) {
    const DeviceId device = contribution.device;
    entries_.emplace(device, Entry{std::move(contribution), true});
  }
  durable_ = entries_.size();
  if (recovered.survivors) {
    const auto held = [&](const DeviceId& device) { return entries_.contains(device); };
    if (!std::ranges::all_of(*recovered.survivors, held)) {
      return give_up("stored updates are damaged");
    }
    Survivors survivors = fix(std::move(*recovered.survivors));
    if (recovered.submitted) {
      phase_ = Submitted{std::move(survivors)};
      return;
    }
    if (plan_.pairwise) return restore_witnessing(std::move(survivors), recovered);
    effects_.push_back(ComputeSum{survivors.hash, contributions_of(survivors.devices)});
    phase_ = Summing{std::move(survivors)};
    return;
  }
  restore_uploads(recovered.chunks);
}

void Round::restore_uploads(const std::vector<ChunkStored>& chunks) {
  auto& phase = std::get<Collecting>(phase_);
  for (const auto& chunk : chunks) {
    if (!is_expected(chunk.device) || entries_.contains(chunk.device)) continue;
    if (chunk.index >= plan_.chunks) continue;
    auto found = phase.uploads.find(chunk.device);
    // The journal is in order of arrival: the newest nonce is the one the device works on.
    if (found == phase.uploads.end() || found->second.nonce() != chunk.nonce) {
      ++phase.begun[chunk.device];
      found = phase.uploads.insert_or_assign(chunk.device, Upload(chunk.nonce, plan_.chunks)).first;
    }
    found->second.store(chunk.index, chunk.tag);
  }
}

// Both steps get their whole time again: nobody knows how long the gateway was away.
void Round::restore_witnessing(Survivors survivors, const Recovered& recovered) {
  begin_witnessing(std::move(survivors));
  auto& witnessing = std::get<Witnessing>(phase_);
  for (const auto& vow : recovered.vows) {
    witnessing.vows.emplace(vow.witness, vow.signature);
    witnessing.durable.insert(vow.witness);
    effects_.push_back(ShowVow{vow.witness, vow.signature});
  }
  if (witnessing.durable.size() < plan_.pairwise->quorum) return;
  begin_revealing(std::move(witnessing.survivors));
  auto& revealing = std::get<Revealing>(phase_);
  for (const auto& reveal : recovered.reveals) {
    const auto holder = plan_.pairwise->index_of(reveal.device);
    if (holder) revealing.ledger.enter(*holder, reveal.place, reveal.opened);
  }
  compute_if_complete(revealing);
}

}  // namespace tributary::gateway::round
