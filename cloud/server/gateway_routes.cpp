#include "cloud/server/gateway_routes.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <charconv>

#include "cloud/server/problem.hpp"

namespace tributary::cloud::server {
namespace {

constexpr std::chrono::seconds longest_wait{30};

Answer done() {
  return {200, {}, {}};
}
Answer answer_of(const engine::Result<>& result) {
  const auto* declined = std::get_if<engine::Declined>(&result);
  return declined ? problem(*declined) : done();
}

Answer no_hash(const std::string& text) {
  return problem(404, "'" + text + "' is not a hash of 64 hex digits");
}

using Put = engine::Result<> (engine::RoundDesk::*)(const GatewayId&, const Hash&,
                                                    const std::string&);
Answer put_to_round(Site& site, const Call& call, Put put) {
  const auto ctx_hash = Hash::from_hex(call.captures.at(0));
  if (!ctx_hash) return no_hash(call.captures.at(0));
  site.coordinator.fleet.seen(call.gateway);
  return answer_of((site.coordinator.rounds.*put)(call.gateway, *ctx_hash, call.body));
}

std::optional<std::chrono::seconds> wait_of(const Call& call) {
  const auto given = call.query.find("wait");
  if (given == call.query.end()) return std::chrono::seconds{0};
  unsigned seconds = 0;
  const auto& text = given->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::min(std::chrono::seconds{seconds}, longest_wait);
}

}  // namespace

Reply put_keys(Site& site, const Call& call) {
  const auto result = site.coordinator.fleet.put_keys(call.gateway, call.body);
  if (const auto* declined = std::get_if<engine::Declined>(&result)) return problem(*declined);
  if (std::get<engine::Fleet::KeysKept>(result).changed) {
    // Its helper key may be in the work of any other gateway.
    for (const auto& [id, member] : site.coordinator.fleet.members()) {
      site.coordinator.revisions.changed(id);
    }
  }
  return done();
}

Reply put_roster(Site& site, const Call& call) {
  const auto result = site.coordinator.fleet.put_roster(call.gateway, call.body);
  if (const auto* declined = std::get_if<engine::Declined>(&result)) return problem(*declined);
  const boost::json::object body{{"roster_hash", std::get<Hash>(result).hex()}};
  return Answer{200, json_media, boost::json::serialize(body)};
}

Reply get_roster(Site& site, const Call& call) {
  const auto hash = Hash::from_hex(call.captures.at(0));
  if (!hash) return no_hash(call.captures.at(0));
  auto roster = site.coordinator.store.gateways.roster(*hash);
  if (!roster) return problem(404, "no roster " + hash->hex() + " is kept");
  return Answer{200, protobuf_media, std::move(roster->content)};
}

Reply get_model(Site& site, const Call& call) {
  const auto hash = Hash::from_hex(call.captures.at(0));
  if (!hash) return no_hash(call.captures.at(0));
  const auto content = site.coordinator.store.models.content(*hash);
  if (!content) return problem(404, "no model " + hash->hex() + " is known");
  return Answer{200, binary_media, std::string{text_of(*content)}};
}

Reply get_work(Site& site, const Call& call) {
  auto& coordinator = site.coordinator;
  const auto wait = wait_of(call);
  if (!wait) return problem(400, "wait must be a whole number of seconds, at most 30");
  coordinator.fleet.seen(call.gateway);
  if (coordinator.fleet.find(call.gateway) == nullptr) {
    return problem(409, "no keys of this gateway are known; PUT /v1/gateway/keys first");
  }
  const auto seen = call.query.find("seen");
  const bool nothing_new =
      seen != call.query.end() && seen->second == coordinator.revisions.current(call.gateway);
  if (nothing_new && !call.waited && *wait > std::chrono::seconds{0}) return Pause{*wait};
  const auto work = engine::work_of(call.gateway, coordinator.rounds, coordinator.fleet,
                                    coordinator.revisions, coordinator.identity, coordinator.store);
  return Answer{200, protobuf_media, work.SerializeAsString()};
}

Reply put_sum(Site& site, const Call& call) {
  return put_to_round(site, call, &engine::RoundDesk::put_sum);
}
Reply put_mask_sum(Site& site, const Call& call) {
  return put_to_round(site, call, &engine::RoundDesk::put_mask_sum);
}
Reply put_mask_refusal(Site& site, const Call& call) {
  return put_to_round(site, call, &engine::RoundDesk::put_refusal);
}
Reply put_abandon(Site& site, const Call& call) {
  return put_to_round(site, call, &engine::RoundDesk::put_abandon);
}
Reply put_void(Site& site, const Call& call) {
  return answer_of(site.coordinator.rounds.put_void(call.gateway, call.body));
}

Reply put_readiness(Site& site, const Call& call) {
  const auto group_hash = Hash::from_hex(call.captures.at(0));
  if (!group_hash) return no_hash(call.captures.at(0));
  site.coordinator.fleet.seen(call.gateway);
  return answer_of(site.coordinator.groups.put_readiness(call.gateway, *group_hash, call.body));
}

}  // namespace tributary::cloud::server
