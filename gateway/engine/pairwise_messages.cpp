// The part of Rounds that listens to the messages of mode pairwise. A message that does not belong to an
// open pairwise round is passed over: the device repeats it or learns that the round is over.
#include "crypto/pairwise/reveal_box.hpp"
#include "crypto/pairwise/survivor_certificate.hpp"
#include "gateway/engine/rounds.hpp"

namespace tributary::gateway::engine {
namespace {

// nullopt: the round has no survivors yet, or its sum is made.
std::optional<Hash> survivors_hash(const OpenRound& round) {
  const auto* witnessing = std::get_if<round::Witnessing>(&round.machine.phase());
  if (witnessing == nullptr) return std::nullopt;
  const auto& [group, slot, heads] = *round.pairwise;
  std::vector<std::uint32_t> alive;
  for (const auto& device : witnessing->survivors.devices) {
    if (const auto index = group->index_of(device)) alive.push_back(*index);
  }
  const auto set = pairwise::SurvivorSet::from(group->terms.devices, std::move(alive));
  if (!set) return std::nullopt;
  return set->hash({group->graph.seed(), round.admitted.context.hash, slot});
}

}  // namespace

void Rounds::vow(const DeviceId& device, const v1::Vow& message) {
  const auto ctx_hash = Hash::from(message.ctx_hash());
  const auto said = Hash::from(message.survivors_hash());
  const auto signature = Signature::from(message.signature());
  if (!ctx_hash || !said || !signature) {
    return around_.answers.reject(device, nullptr, nullptr, v1::REJECT_MALFORMED);
  }
  OpenRound* round = find(*ctx_hash);
  if (round == nullptr || !round->pairwise) return;
  const auto& group = *round->pairwise->group;
  const auto member = group.index_of(device);
  const auto wanted = survivors_hash(*round);
  if (!member || !wanted) return;
  if (*said != *wanted ||
      !crypto::verify(group.identities[*member], "survivor-set", *wanted, *signature)) {
    return around_.answers.reject(device, nullptr, nullptr, v1::REJECT_BAD_CERTIFICATE);
  }
  feed(*round, round::VowArrived{device, *signature});
}

void Rounds::shares(const DeviceId& device, const v1::SharesRequest& message) {
  const auto ctx_hash = Hash::from(message.ctx_hash());
  if (!ctx_hash) return around_.answers.reject(device, nullptr, nullptr, v1::REJECT_MALFORMED);
  OpenRound* round = find(*ctx_hash);
  if (round != nullptr) feed(*round, round::SharesAsked{device, message.place()});
}

void Rounds::reveal(const DeviceId& device, const v1::Reveal& message) {
  const auto ctx_hash = Hash::from(message.ctx_hash());
  OpenRound* round = ctx_hash ? find(*ctx_hash) : nullptr;
  if (!ctx_hash) return around_.answers.reject(device, nullptr, nullptr, v1::REJECT_MALFORMED);
  if (round == nullptr || !round->pairwise) return;
  const crypto::PairKey* key = pair_key(*round, device);
  if (key == nullptr) {
    return around_.answers.reject(device, nullptr, nullptr, v1::REJECT_BAD_CERTIFICATE);
  }
  const auto shares =
      pairwise::open_reveal(*key, {*ctx_hash, device, message.place()}, view_of(message.sealed()));
  if (!shares) return around_.answers.reject(device, nullptr, nullptr, v1::REJECT_BAD_CHUNK);
  round::RevealArrived event{device, message.place(), {}, pairwise::encode(*shares)};
  for (const auto& share : *shares) event.opened.push_back(share.has_value());
  feed(*round, event);
}

}  // namespace tributary::gateway::engine
