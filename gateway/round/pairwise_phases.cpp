// The part of Round that is of mode pairwise only: what happens between the survivors and their sum.
#include <algorithm>

#include "gateway/round/pairwise_terms.hpp"
#include "gateway/round/round.hpp"

namespace tributary::gateway::round {
namespace {

constexpr std::size_t most_shares = 16;  // of one message

bool survived(const Survivors& survivors, const DeviceId& device) {
  return std::binary_search(survivors.devices.begin(), survivors.devices.end(), device);
}

}  // namespace

void Round::begin_witnessing(Survivors survivors) {
  ShowClosing closing;
  for (const auto& device : survivors.devices) {
    if (const auto index = plan_.pairwise->index_of(device)) closing.survivors.push_back(*index);
  }
  effects_.push_back(std::move(closing));
  phase_ = Witnessing{std::move(survivors), now_ + plan_.pairwise->witness_time, {}, {}};
}

void Round::react(Witnessing& phase, const VowArrived& event) {
  const auto& terms = *plan_.pairwise;
  const auto index = terms.index_of(event.device);
  if (!index || !std::ranges::binary_search(terms.witnesses, *index)) return;
  if (phase.vows.size() >= terms.quorum) return;
  if (!phase.vows.emplace(*index, event.signature).second) return;
  effects_.push_back(StoreVow{*index, event.signature});
}

void Round::react(Witnessing& phase, const VowDurable& event) {
  const auto vow = phase.vows.find(event.witness);
  if (vow == phase.vows.end() || !phase.durable.insert(event.witness).second) return;
  effects_.push_back(ShowVow{event.witness, vow->second});
  if (phase.durable.size() >= plan_.pairwise->quorum) begin_revealing(std::move(phase.survivors));
}

void Round::react(Witnessing& phase, const Tick&) {
  if (now_ < phase.deadline) return;
  give_up(std::to_string(phase.durable.size()) + " of " + std::to_string(plan_.pairwise->quorum) +
          " witnesses signed the survivors in time");
}

void Round::begin_revealing(Survivors survivors) {
  phase_ = Revealing{std::move(survivors), now_ + plan_.pairwise->reveal_time,
                     RevealLedger(plan_.pairwise)};
}

void Round::react(Revealing& phase, const SharesAsked& event) {
  const auto holder = plan_.pairwise->index_of(event.device);
  if (holder) send_shares(phase.survivors, *holder, event.place);
}

void Round::react(Revealing& phase, const RevealArrived& event) {
  const auto holder = plan_.pairwise->index_of(event.device);
  const auto degree = plan_.pairwise->graph.degree();
  const auto count = event.opened.size();
  if (!holder || count == 0 || count > most_shares || event.place >= degree ||
      count > degree - event.place) {
    return;
  }
  // Said before: the receipt was lost.
  if (phase.ledger.answered(*holder, event.place, count)) {
    return send_shares(phase.survivors, *holder, event.place + static_cast<std::uint32_t>(count));
  }
  effects_.push_back(StoreReveal{event.device, event.place, event.opened, event.entries});
}

void Round::react(Revealing& phase, const RevealDurable& event) {
  const auto holder = plan_.pairwise->index_of(event.device);
  if (!holder) return;
  phase.ledger.enter(*holder, event.place, event.opened);
  send_shares(phase.survivors, *holder,
              event.place + static_cast<std::uint32_t>(event.opened.size()));
  compute_if_complete(phase);
}

void Round::compute_if_complete(Revealing& phase) {
  if (phase.computing || !phase.ledger.complete()) return;
  phase.computing = true;
  effects_.push_back(ComputeSum{phase.survivors.hash, contributions_of(phase.survivors.devices)});
}

void Round::react(Revealing& phase, const SecretsWrong& event) {
  if (event.survivors_hash != phase.survivors.hash) return;
  phase.computing = false;
  for (const auto owner : event.owners) phase.ledger.need_more(owner);
  compute_if_complete(phase);
}

void Round::react(Revealing& phase, const SumReady& event) {
  if (event.survivors_hash == phase.survivors.hash) submit(std::move(phase.survivors), event.words);
}

void Round::react(Revealing& phase, const SumFailed& event) {
  if (event.survivors_hash == phase.survivors.hash) give_up(event.reason);
}

void Round::react(Revealing& phase, const Tick&) {
  if (now_ < phase.deadline || phase.computing) return;
  // A complete ledger is being computed.
  const auto [owner, shares] = phase.ledger.first_lack().value();
  give_up("at the deadline of the shares the secrets of " + std::to_string(phase.ledger.lacking()) +
          " devices lack some, first that of " + plan_.pairwise->members[owner].hex() + " with " +
          std::to_string(shares) + " of which at least " +
          std::to_string(plan_.pairwise->threshold) + " must be right");
}

void Round::react(Submitted&, const SharesAsked& event) {
  nothing_missing(event.device, event.place);
}
void Round::react(Submitted&, const RevealArrived& event) {
  nothing_missing(event.device, event.place + static_cast<std::uint32_t>(event.opened.size()));
}
void Round::react(Closed&, const SharesAsked& event) {
  nothing_missing(event.device, event.place);
}
void Round::react(Closed&, const RevealArrived& event) {
  nothing_missing(event.device, event.place + static_cast<std::uint32_t>(event.opened.size()));
}

void Round::nothing_missing(const DeviceId& device, std::uint32_t place) {
  if (!plan_.pairwise) return;
  const auto holder = plan_.pairwise->index_of(device);
  if (holder) effects_.push_back(SendShares{device, *holder, place, {}});
}

void Round::send_shares(const Survivors& survivors, std::uint32_t holder, std::uint32_t place) {
  const auto& terms = *plan_.pairwise;
  SendShares sending{terms.members[holder], holder, place, {}};
  const auto neighbours = terms.graph.neighbours(holder);
  for (std::size_t i = place; i < neighbours.size() && sending.shares.size() < most_shares; ++i) {
    sending.shares.push_back({neighbours[i], survived(survivors, terms.members[neighbours[i]])});
  }
  effects_.push_back(std::move(sending));
}

}  // namespace tributary::gateway::round
