#include "gateway/engine/known_group.hpp"

#include <map>

#include "crypto/pairwise/witnesses.hpp"

namespace tributary::gateway::engine {
namespace {

struct Members {
  std::vector<DeviceId> ids;
  std::vector<v1::CertifiedKey> certified;
  std::vector<VerifyKey> identities;
  std::vector<ExchangeKey> keys;
  std::vector<Hash> leaves;
};

std::map<std::string, const v1::CertifiedKey*> by_device(const v1::Roster& roster) {
  std::map<std::string, const v1::CertifiedKey*> devices;
  for (const auto& key : roster.devices()) {
    v1::EpochKey epoch;
    if (epoch.ParseFromString(key.epoch_key().body())) devices.emplace(epoch.subject_id(), &key);
  }
  return devices;
}

// Signatures were checked when the device said hello: the roster is this gateway's own.
std::string add_member(Members& members, const std::string& id, const v1::CertifiedKey& key) {
  v1::Certificate certificate;
  v1::EpochKey epoch;
  certificate.ParseFromString(key.certificate().body());
  epoch.ParseFromString(key.epoch_key().body());
  const auto device = DeviceId::from(id);
  const auto identity = VerifyKey::from(certificate.public_key());
  const auto exchange = ExchangeKey::from(epoch.public_key());
  if (!device || !identity || !exchange) return "the keys of a member cannot be read";
  if (!members.ids.empty() && !(members.ids.back() < *device)) {
    return "its members are not ascending";
  }
  const auto index = static_cast<std::uint32_t>(members.ids.size());
  members.leaves.push_back(pairwise::member_leaf(index, view_of(key.certificate().body()),
                                                 view_of(key.epoch_key().body())));
  members.ids.push_back(*device);
  members.certified.push_back(key);
  members.identities.push_back(*identity);
  members.keys.push_back(*exchange);
  return {};
}

std::variant<Members, std::string> find_members(const v1::GroupOffer& offer,
                                                std::string_view content) {
  v1::Roster roster;
  if (!roster.ParseFromArray(content.data(), static_cast<int>(content.size()))) {
    return "its roster cannot be read";
  }
  const auto devices = by_device(roster);
  Members members;
  for (const auto& id : offer.members()) {
    const auto found = devices.find(id);
    if (found == devices.end()) return "a member is not in the roster it names";
    if (auto fault = add_member(members, id, *found->second); !fault.empty()) return fault;
  }
  return members;
}

std::string fault_in_terms(const Identity& identity, const v1::GroupOffer& offer,
                           const wire::Group& terms) {
  const auto signed_by = Signature::from(offer.signature());
  if (!signed_by || !crypto::verify(identity.coordinator, "group", terms.hash, *signed_by)) {
    return "its signature does not verify under coordinator.pub";
  }
  if (terms.tenant != identity.tenant) return "it is for tenant '" + terms.tenant + "'";
  if (terms.gateway != identity.id) return "it is for gateway " + terms.gateway.hex();
  if (static_cast<std::uint32_t>(offer.members_size()) != terms.devices) {
    return "it names another number of members than the group has";
  }
  return {};
}

}  // namespace

std::optional<std::uint32_t> KnownGroup::index_of(const DeviceId& device) const {
  const auto found = std::lower_bound(members.begin(), members.end(), device);
  if (found == members.end() || *found != device) return std::nullopt;
  return static_cast<std::uint32_t>(found - members.begin());
}

v1::Member KnownGroup::member(std::uint32_t index) const {
  v1::Member message;
  message.set_index(index);
  *message.mutable_key() = certified.at(index);
  for (const auto& hash : tree.path(index)) message.add_path(hash.raw());
  return message;
}

std::variant<GroupPtr, std::string> read_group(const Identity& identity,
                                               const v1::GroupOffer& offer,
                                               std::string_view roster) {
  auto parsed = wire::parse_group(offer.group());
  if (auto* fault = std::get_if<std::string>(&parsed)) return std::move(*fault);
  auto& terms = std::get<wire::Group>(parsed);
  if (auto fault = fault_in_terms(identity, offer, terms); !fault.empty()) return fault;
  const auto roster_hash = Hash::from(offer.roster_hash());
  if (!roster_hash) return "its roster_hash must have 32 bytes";
  auto found = find_members(offer, roster);
  if (auto* fault = std::get_if<std::string>(&found)) return std::move(*fault);
  auto& members = std::get<Members>(found);
  pairwise::MemberTree tree(std::move(members.leaves));
  if (tree.root() != terms.roster_root) return "its members are not those under roster_root";
  pairwise::Graph graph(terms.seed(), terms.devices, terms.neighbours);
  return std::make_shared<const KnownGroup>(
      KnownGroup{std::move(terms), offer.group(), offer.signature(), *roster_hash, std::move(graph),
                 std::move(members.ids), std::move(members.certified),
                 std::move(members.identities), std::move(members.keys), std::move(tree)});
}

std::shared_ptr<const round::PairwiseTerms> round_terms(const KnownGroup& group, std::uint32_t slot,
                                                        std::chrono::seconds witness_time,
                                                        std::chrono::seconds reveal_time) {
  return std::make_shared<const round::PairwiseTerms>(
      round::PairwiseTerms{group.graph, group.members,
                           pairwise::choose_witnesses(group.graph.seed(), slot, group.terms.devices,
                                                      group.terms.witnesses),
                           group.terms.quorum, group.terms.threshold, witness_time, reveal_time});
}

}  // namespace tributary::gateway::engine
