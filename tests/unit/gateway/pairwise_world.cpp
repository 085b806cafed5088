#include "tests/unit/gateway/pairwise_world.hpp"

#include "crypto/pairwise/masking.hpp"
#include "crypto/pairwise/member_tree.hpp"
#include "crypto/pairwise/prekey.hpp"
#include "crypto/pairwise/witnesses.hpp"

namespace tributary::gateway::test {
namespace {

std::string group_of(const Fleet& fleet, std::uint32_t first_slot) {
  std::vector<Hash> leaves;
  for (const auto& device : fleet.devices) {
    leaves.push_back(pairwise::member_leaf(static_cast<std::uint32_t>(leaves.size()),
                                           view_of(device.certified.certificate().body()),
                                           view_of(device.certified.epoch_key().body())));
  }
  const auto task = fleet.context(1, 1).task_id();
  v1::Group group;
  group.set_minimum_reader_version(4);
  group.set_tenant(Fleet::tenant);
  group.set_task_id(task);
  group.set_gateway_id(fleet.gateway.raw());
  group.set_roster_root(pairwise::MemberTree(leaves).root().raw());
  group.set_beacon(crypto::hash("beacon", {crypto::le32(first_slot)}).raw());
  group.set_devices(static_cast<std::uint32_t>(leaves.size()));
  group.set_neighbours(static_cast<std::uint32_t>(leaves.size() - 1));
  group.set_threshold(PairwiseFleet::threshold);
  group.set_witnesses(PairwiseFleet::witnesses);
  group.set_quorum(PairwiseFleet::quorum);
  group.set_first_slot(first_slot);
  group.set_last_slot(first_slot + 99);
  return group.SerializeAsString();
}

}  // namespace

struct PairwiseFleet::Closed {
  wire::Context context;
  std::uint32_t slot;
  pairwise::SurvivorSet survivors;
  pairwise::RoundName name;
};

PairwiseFleet::PairwiseFleet(std::uint8_t count, std::uint32_t first_slot)
    : fleet(count),
      graph(std::get<wire::Group>(wire::parse_group(group_of(fleet, first_slot))).seed(), count,
            count - 1U),
      group_bytes_(group_of(fleet, first_slot)),
      group_(std::get<wire::Group>(wire::parse_group(group_bytes_))) {
  for (std::uint32_t i = 0; i < count; ++i) devices.emplace_back(i);
}

v1::GroupOffer PairwiseFleet::offer() const {
  v1::GroupOffer offer;
  offer.set_group(group_bytes_);
  offer.set_signature(fleet.coordinator_signs("group", group_.hash).raw());
  offer.set_roster_hash(fleet.roster_hash().raw());
  for (const auto& device : fleet.devices) offer.add_members(device.id.raw());
  return offer;
}

v1::RoundContext PairwiseFleet::context(std::uint32_t target) const {
  auto context = fleet.context(n_min, target);
  context.set_minimum_reader_version(4);
  context.set_mode(v1::TRUST_MODE_PAIRWISE);
  context.clear_helpers();
  auto& pairwise = *context.mutable_pairwise();
  pairwise.set_group_hash(group_.hash.raw());
  pairwise.set_witness_seconds(60);
  pairwise.set_reveal_seconds(60);
  return context;
}

pairwise::ShareParties PairwiseFleet::parties(std::uint32_t owner, std::uint32_t holder) const {
  const auto& from = fleet.devices[owner];
  const auto& to = fleet.devices[holder];
  return {from.id, crypto::exchange_key(from.epoch), to.id, crypto::exchange_key(to.epoch)};
}

pairwise::Prekey PairwiseFleet::prekey(const PairwiseDevice& device, std::uint32_t slot) const {
  const auto& own = fleet.devices[device.index];
  std::vector<pairwise::SharePairKey> keys;
  for (const auto holder : graph.neighbours(device.index)) {
    keys.push_back(*pairwise::share_pair_key(own.epoch, pairwise::ShareSide::owner,
                                             parties(device.index, holder)));
  }
  pairwise::PrekeyChain at(device.chain.slot(), device.chain.key().clone());
  while (at.slot() < slot) at = at.next();
  return pairwise::make_prekey(at, graph, threshold, {device.index, own.id, own.key, keys});
}

bool PairwiseFleet::drawn(const PairwiseDevice& device, std::uint32_t slot) const {
  const auto chosen = pairwise::choose_witnesses(graph.seed(), slot, graph.devices(), witnesses);
  return std::ranges::find(chosen, device.index) != chosen.end();
}

void PairwiseFleet::say_prekey(SiteWorld& world, const PairwiseDevice& device,
                               std::uint32_t slot) const {
  const auto bytes = pairwise::encode(prekey(device, slot));
  world.say(fleet.devices[device.index], wire::UpKind::prekey, std::string(text_of(bytes)));
}

bool PairwiseFleet::prekey_receipted(SiteWorld& world, const PairwiseDevice& device,
                                     std::uint32_t slot) const {
  const auto& own = fleet.devices[device.index];
  const auto key = fleet.gateway_pair_key(own, world.retained(std::string(wire::site_keys_topic)));
  for (const auto& heard : world.heard(own.id)) {
    v1::PrekeyReceipt receipt;
    if (heard.kind != "prekey" || !receipt.ParseFromString(heard.payload)) continue;
    if (receipt.slot() == slot && receipt.group_hash() == group_.hash.raw() &&
        receipt.mac() == pairwise::prekey_receipt_mac(key, group_.hash, own.id, slot).raw()) {
      return true;
    }
  }
  return false;
}

void PairwiseFleet::prepare(SiteWorld& world, std::uint32_t slots) const {
  world.standing.clear_groups();
  *world.standing.add_groups() = offer();
  world.site->take(world.standing);
  world.until([&] { return !world.retained(wire::group_topic(group_.task)).empty(); });
  for (const auto& device : devices) {
    for (std::uint32_t slot = device.chain.slot(); slot < device.chain.slot() + slots; ++slot) {
      say_prekey(world, device, slot);
      world.until([&] { return prekey_receipted(world, device, slot); });
    }
  }
}

std::optional<pairwise::PrekeyHead> PairwiseFleet::head(SiteWorld& world, std::uint32_t member,
                                                        std::uint32_t slot) const {
  const auto& bytes = world.retained(wire::head_topic(group_.hash, slot, member));
  auto read = pairwise::decode_prekey_head(view_of(bytes));
  const auto& device = fleet.devices[member];
  if (!read || pairwise::check(*read, {graph, threshold, slot},
                               {member, device.id, crypto::verify_key(device.key)}) !=
                   pairwise::PrekeyFault::none) {
    return std::nullopt;
  }
  return read;
}

bool PairwiseFleet::upload(SiteWorld& world, const PairwiseDevice& device) const {
  v1::Offer offer;
  offer.ParseFromString(world.retained(world.offer_topic()));
  const auto parsed = wire::parse_context(offer.context());
  const auto* context = std::get_if<wire::Context>(&parsed);
  if (context == nullptr) return false;
  const auto slot = static_cast<std::uint32_t>(context->round);
  std::vector<pairwise::MaskKey> keys(graph.devices());
  for (const auto neighbour : graph.neighbours(device.index)) {
    const auto read = head(world, neighbour, slot);
    if (!read) return false;
    keys[neighbour] = read->mask_key;
  }
  const auto secrets = device.chain.secrets({graph.seed(), threshold});
  const auto seeds = pairwise::upload_seeds(
      graph, keys, {device.index, secrets.mask_secret, secrets.self_seed}, context->hash);
  const auto& own = fleet.devices[device.index];
  Bytes words = Fleet::plain_words(own);
  pairwise::add_masks(crypto::RingBits::b32, *seeds, words);
  const auto chunks =
      fleet.seal(own, *context, world.retained(std::string(wire::site_keys_topic)), words);
  world.upload(own, context->hash, Fleet::frames_of(own, *context, chunks),
               Fleet::header_of(own, *context, chunks).SerializeAsString());
  return true;
}

std::optional<PairwiseFleet::Closed> PairwiseFleet::closing(SiteWorld& world) const {
  v1::Closing message;
  const auto& bytes = world.retained(wire::closing_topic(group_.task));
  if (bytes.empty() || !message.ParseFromString(bytes)) return std::nullopt;
  const auto parsed = wire::parse_context(message.context());
  const auto* context = std::get_if<wire::Context>(&parsed);
  if (context == nullptr || message.survivors().size() != (graph.devices() + 7) / 8) {
    return std::nullopt;
  }
  std::vector<std::uint32_t> alive;
  for (std::uint32_t i = 0; i < graph.devices(); ++i) {
    if (message.survivors()[i / 8] >> i % 8 & 1) alive.push_back(i);
  }
  const auto slot = static_cast<std::uint32_t>(context->round);
  return Closed{*context,
                slot,
                *pairwise::SurvivorSet::from(graph.devices(), alive),
                {graph.seed(), context->hash, slot}};
}

void PairwiseFleet::say_vow(SiteWorld& world, PairwiseDevice& device) const {
  const auto closed = closing(world);
  if (!closed || closed->survivors.size() < n_min) return;
  auto vow = pairwise::vow_for(device.vow, closed->name, closed->survivors);
  if (!vow) return;
  device.vow = *vow;
  const auto& own = fleet.devices[device.index];
  v1::Vow message;
  message.set_ctx_hash(closed->context.hash.raw());
  message.set_survivors_hash(vow->survivors_hash.raw());
  message.set_signature(pairwise::witness_signature(own.key, device.index, *vow).signature.raw());
  world.say(own, wire::UpKind::vow, message.SerializeAsString());
}

std::vector<pairwise::Witness> PairwiseFleet::witnesses_of(std::uint32_t slot) const {
  std::vector<pairwise::Witness> chosen;
  for (const auto index :
       pairwise::choose_witnesses(graph.seed(), slot, graph.devices(), witnesses)) {
    chosen.push_back({index, crypto::verify_key(fleet.devices[index].key)});
  }
  return chosen;
}

std::optional<pairwise::SurvivorCertificate> PairwiseFleet::certificate(
    SiteWorld& world, const Closed& closed) const {
  pairwise::SurvivorCertificate certificate{{closed.name, closed.survivors.hash(closed.name)}, {}};
  for (std::uint32_t i = 0; i < graph.devices(); ++i) {
    v1::WitnessVow vow;
    const auto& bytes = world.retained(wire::vow_topic(closed.context.hash, i));
    if (bytes.empty() || !vow.ParseFromString(bytes)) continue;
    std::vector<Hash> path;
    for (const auto& hash : vow.witness().path()) path.push_back(*Hash::from(hash));
    const auto leaf = pairwise::member_leaf(i, view_of(vow.witness().key().certificate().body()),
                                            view_of(vow.witness().key().epoch_key().body()));
    if (!pairwise::leads_to(group_.roster_root, leaf, {i, graph.devices()}, path)) continue;
    certificate.signatures.push_back({i, *Signature::from(vow.signature())});
  }
  if (certificate.signatures.size() < quorum) return std::nullopt;
  return certificate;
}

bool PairwiseFleet::reveal(SiteWorld& world, PairwiseDevice& device) const {
  const auto closed = closing(world);
  const auto signed_by = closed ? certificate(world, *closed) : std::nullopt;
  if (!signed_by) return false;
  const auto chosen = witnesses_of(closed->slot);
  const auto decided =
      pairwise::decide(device.record,
                       {graph, device.index, closed->context.hash, closed->slot, chosen, quorum,
                        std::max<std::size_t>(n_min, closed->context.n_min)},
                       *signed_by, closed->survivors);
  if (!decided) return false;
  device.record = *decided;
  const auto& own = fleet.devices[device.index];
  auto& heard = world.heard(own.id);
  heard.clear();
  v1::SharesRequest request;
  request.set_ctx_hash(closed->context.hash.raw());
  world.say(own, wire::UpKind::shares, request.SerializeAsString());
  while (world.until([&] { return !heard.empty(); })) {
    const auto said = heard.front();
    heard.pop_front();
    v1::Shares asked;
    if (said.kind != "shares" || !asked.ParseFromString(said.payload)) continue;
    if (asked.sealed().empty()) return true;
    answer(world, device, *closed, asked);
  }
  return false;
}

void PairwiseFleet::answer(SiteWorld& world, const PairwiseDevice& device, const Closed& closed,
                           const v1::Shares& asked) const {
  const auto& own = fleet.devices[device.index];
  const auto neighbours = graph.neighbours(device.index);
  pairwise::RevealedShares shares;
  for (int i = 0; i < asked.sealed_size(); ++i) {
    const auto place = asked.place() + static_cast<std::uint32_t>(i);
    const auto owner = neighbours.at(place);
    const auto read = head(world, owner, closed.slot);
    const auto pair = *pairwise::share_pair_key(own.epoch, pairwise::ShareSide::holder,
                                                parties(owner, device.index));
    auto share = read ? pairwise::open_held_share(*read, graph, device.index, pair,
                                                  device.record->kind_for(place),
                                                  *pairwise::SealedShare::from(asked.sealed(i)))
                      : std::nullopt;
    if (share && device.lies) share->value = pairwise::ShareValue::random();
    shares.push_back(share ? std::optional(std::move(share->value)) : std::nullopt);
  }
  const auto key = fleet.gateway_pair_key(own, world.retained(std::string(wire::site_keys_topic)));
  const auto sealed =
      pairwise::seal_reveal(key, {closed.context.hash, own.id, asked.place()}, shares);
  v1::Reveal message;
  message.set_ctx_hash(closed.context.hash.raw());
  message.set_place(asked.place());
  message.set_sealed(sealed.data(), sealed.size());
  world.say(own, wire::UpKind::reveal, message.SerializeAsString());
}

void PairwiseFleet::finish(SiteWorld& world) {
  if (!world.until([&] { return closing(world).has_value(); })) return;
  for (auto& device : devices) {
    if (drawn(device, 1)) say_vow(world, device);
  }
  const auto closed = closing(world);
  world.until([&] { return certificate(world, *closed).has_value(); });
  for (auto& device : devices) reveal(world, device);
}

}  // namespace tributary::gateway::test
