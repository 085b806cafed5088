#include "tests/sim/ploy.hpp"

#include "crypto/upload.hpp"
#include "device-protocol/cpp/context.hpp"

namespace tributary::sim {
namespace {

// Zero when they are not ascending.
Hash survivors_of(const v1::SumRequest& request) {
  std::vector<crypto::SurvivorEntry> entries;
  for (const auto& survivor : request.survivors()) {
    entries.push_back({*DeviceId::from(survivor.device_id()), *Nonce::from(survivor.nonce()),
                       *Hash::from(survivor.digest())});
  }
  return crypto::survivors_hash(wire::ctx_hash(request.context()), entries).value_or(Hash{});
}

}  // namespace

Ploy::Ploy(World& world) : world_(world) {
  world_.https.witness = [this, before = world_.https.witness](const GatewayId& gateway,
                                                               const Https::Request& request) {
    before(gateway, request);
    heard(index_of(gateway), request);
  };
  world_.https.on_answer = [this](const GatewayId& gateway, const Https::Request& request,
                                  Https::Answer& answer) {
    const auto last = request.target.substr(request.target.rfind('/') + 1);
    if (const auto document = documents_.find(last); document != documents_.end()) {
      answer = {200, document->second, {}};
    }
    const auto said = says_.find(index_of(gateway));
    if (!request.target.starts_with("/v1/gateway/work") || !answer.good()) return;
    if (said == says_.end()) return;
    v1::Work work;
    work.ParseFromString(answer.body);
    work.MergeFrom(said->second);
    answer.body = work.SerializeAsString();
  };
}

std::size_t Ploy::index_of(const GatewayId& gateway) const {
  std::size_t index = 0;
  while (world_.gates.at(index)->keys.id != gateway) ++index;
  return index;
}

void Ploy::heard(std::size_t gate, const Https::Request& request) {
  Reaction reaction;
  if (request.target.ends_with("/sum")) newest_[gate].ParseFromString(request.body);
  if (request.target.ends_with("/mask-sum")) {
    reaction.answer.emplace().ParseFromString(request.body);
    reactions_.emplace_back(gate, reaction);
  }
  if (request.target.ends_with("/mask-refusal")) {
    reaction.refusal.emplace().ParseFromString(request.body);
    reactions_.emplace_back(gate, reaction);
  }
}

Entries Ploy::entries_of(std::size_t gate) const {
  const auto& sum = sum_of(gate);
  Entries entries;
  for (int i = 0; i < sum.survivors_size(); ++i) {
    const auto place = static_cast<std::size_t>(i) * Ticket::size;
    entries.push_back({sum.survivors(i), sum.tickets(0).tickets().substr(place, Ticket::size)});
  }
  return entries;
}

v1::RoundContext Ploy::context_of(const v1::GatewaySum& sum) {
  v1::RoundContext context;
  context.ParseFromString(world_.store().rounds.part(*Hash::from(sum.ctx_hash())).value().context);
  return context;
}

v1::Offer Ploy::offer(const v1::RoundContext& context) const {
  v1::Offer offer;
  offer.set_context(context.SerializeAsString());
  offer.set_signature(
      crypto::sign(world_.authority.coordinator_key(), "ctx", wire::ctx_hash(offer.context()))
          .raw());
  return offer;
}

v1::SumRequest Ploy::request(std::size_t gate, std::size_t helper, const v1::Offer& offer,
                             const Entries& entries) const {
  v1::SumRequest request;
  request.set_context(offer.context());
  request.set_context_signature(offer.signature());
  request.set_helper_id(world_.gates[helper]->keys.helper.raw());
  for (const auto& entry : entries) {
    *request.add_survivors() = entry.survivor;
    request.add_tickets(entry.ticket);
  }
  const Hash ctx_hash = wire::ctx_hash(offer.context());
  const Hash statement =
      crypto::hash("sum-request", {ctx_hash.view(), survivors_of(request).view()});
  request.set_signature(crypto::sign(world_.gates[gate]->keys.key, "sum-request", statement).raw());
  v1::GatewayKeys keys;
  keys.ParseFromString(world_.gates[gate]->site().keys());
  *request.mutable_gateway() = keys.gateway();
  return request;
}

Reaction Ploy::ask(std::size_t helper, const v1::SumRequest& request) {
  const Hash ctx_hash = wire::ctx_hash(request.context());
  const auto survivors = survivors_of(request).raw();
  const auto before = reactions_.size();
  v1::Work work;
  *work.add_sum_requests() = request;
  say(helper, work);
  Reaction reaction;
  world_.until(
      [&] {
        for (auto i = before; i < reactions_.size(); ++i) {
          const auto& [gate, heard] = reactions_[i];
          const auto& context = heard.answer ? heard.answer->ctx_hash() : heard.refusal->ctx_hash();
          if (gate != helper || context != ctx_hash.raw()) continue;
          // An answer may be an earlier one, sent again.
          if (heard.answer && heard.answer->survivors_hash() != survivors) continue;
          reaction = heard;
          return true;
        }
        return false;
      },
      std::chrono::minutes(3));
  says_.erase(helper);
  return reaction;
}

Reaction Ploy::ask_again(std::size_t gate, std::size_t helper, const Entries& entries) {
  return ask(helper, request(gate, helper, offer(context_of(sum_of(gate))), entries));
}

std::set<std::string> Ploy::answers(std::size_t helper, const Hash& ctx_hash) const {
  std::set<std::string> all;
  for (const auto& [gate, reaction] : reactions_) {
    if (gate != helper || !reaction.answer) continue;
    if (reaction.answer->ctx_hash() == ctx_hash.raw()) all.insert(reaction.answer->sealed());
  }
  return all;
}

}  // namespace tributary::sim
