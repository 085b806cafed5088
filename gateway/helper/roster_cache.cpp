#include "gateway/helper/roster_cache.hpp"

#include <algorithm>

#include "device-protocol/cpp/certificate.hpp"

namespace tributary::gateway::helper {
namespace {

constexpr std::uint64_t any_time = 0;  // check_devices() looks at the times, at every request

// The id a roster entry claims; its signature is not looked at.
std::string claimed_id(const v1::CertifiedKey& key) {
  v1::Certificate certificate;
  if (!certificate.ParseFromString(key.certificate().body())) return {};
  return certificate.subject_id();
}

// Of everything the pair key depends on: an ended epoch's keys cannot be found again.
Hash entry_hash(const v1::CertifiedKey& key, const EpochSecret& epoch) {
  return crypto::hash("roster-entry",
                      {epoch.key.view(), crypto::le32(epoch.epoch),
                       view_of(key.certificate().body()), view_of(key.certificate().signature()),
                       view_of(key.epoch_key().body()), view_of(key.epoch_key().signature())});
}

Fault bad_context(std::string text) {
  return {v1::HELPER_REFUSAL_BAD_CONTEXT, "H3: " + std::move(text)};
}

}  // namespace

RosterCache::RosterCache(std::string tenant, VerifyKey authority, HelperId helper,
                         std::size_t capacity)
    : tenant_(std::move(tenant)), authority_(authority), helper_(helper), half_(capacity / 2) {}

std::variant<std::vector<RosterEntry>, Fault> RosterCache::entries(const Claim& claim,
                                                                   std::string_view bytes,
                                                                   const EpochSecret& epoch) {
  if (crypto::hash("roster", {view_of(bytes)}) != claim.context.roster_hash) {
    return bad_context("the roster's bytes do not have the hash the context names");
  }
  v1::Roster roster;
  if (!roster.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return bad_context("the roster does not decode");
  }
  if (roster.gateway_id() != claim.context.gateway.raw())
    return bad_context("the roster is of another gateway");
  std::vector<RosterEntry> found(claim.survivors.size());
  auto survivor = claim.survivors.begin();
  std::string last;
  for (const auto& key : roster.devices()) {
    auto id = claimed_id(key);
    if (id.size() != DeviceId::size || (!last.empty() && id <= last)) {
      return bad_context("the roster is not strictly ascending by device id");
    }
    survivor = std::lower_bound(
        survivor, claim.survivors.end(), *DeviceId::from(id),
        [](const auto& item, const DeviceId& wanted) { return item.device < wanted; });
    if (survivor == claim.survivors.end()) break;
    if (survivor->device.raw() == id) {
      found[static_cast<std::size_t>(survivor - claim.survivors.begin())] = entry(key, epoch);
    }
    last = std::move(id);
  }
  return found;
}

void RosterCache::clear() {
  recent_.clear();
  older_.clear();
}

RosterEntry RosterCache::entry(const v1::CertifiedKey& key, const EpochSecret& epoch) {
  const auto hash = entry_hash(key, epoch);
  if (const auto hit = recent_.find(hash); hit != recent_.end()) return hit->second;
  if (const auto hit = older_.find(hash); hit != older_.end()) {
    keep(hash, hit->second);
    return recent_.at(hash);
  }
  auto made = verify(key, epoch);
  ++verified_;
  if (made) keep(hash, made);  // a failure is not kept: it must not push good entries out
  return made;
}

RosterEntry RosterCache::verify(const v1::CertifiedKey& key, const EpochSecret& epoch) const {
  const auto checked =
      wire::verify_certified_key(key, {authority_, tenant_, v1::ROLE_DEVICE, any_time});
  const auto* verified = std::get_if<wire::VerifiedKey>(&checked);
  if (verified == nullptr) return nullptr;
  const auto& certificate = verified->certificate;
  auto pair = crypto::pair_key(epoch.secret, crypto::Side::party,
                               {verified->key,
                                crypto::exchange_key(epoch.secret),
                                certificate.subject,
                                helper_.bytes,
                                epoch.epoch,
                                {}});
  if (!pair) return nullptr;
  return std::make_shared<const RosterDevice>(RosterDevice{
      DeviceId{certificate.subject}, GatewayId{certificate.gateway},
      unix_time(certificate.not_before), unix_time(verified->not_after), std::move(*pair)});
}

void RosterCache::keep(const Hash& hash, RosterEntry entry) {
  if (recent_.size() >= half_) {
    older_ = std::move(recent_);
    recent_.clear();
  }
  recent_.emplace(hash, std::move(entry));
}

}  // namespace tributary::gateway::helper
