#include "tests/unit/device/pair_site.hpp"

#include <doctest/doctest.h>
#include <sodium.h>

#include <algorithm>

namespace pair_test {

using namespace tributary;
using namespace tributary::crypto;

namespace {

const std::string root = "tributary/v1/";

v1::Signed signed_body(const SigningKey& key, std::string_view label, const std::string& body) {
  v1::Signed result;
  result.set_body(body);
  result.set_signature(sign(key, label, hash(label, {view_of(body)})).raw());
  return result;
}

std::string text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

Bytes bytes_of(const std::string& raw) {
  return {raw.begin(), raw.end()};
}

}  // namespace

PairSite::PairSite(const GroupPlan& wanted)
    : plan(wanted),
      authority_(SigningKey::random()),
      coordinator_(SigningKey::random()),
      gateway_key_(SigningKey::random()),
      gateway_exchange_(ExchangeSecret::random()) {
  REQUIRE(sodium_init() >= 0);
  gateway.bytes.fill(0x61);
  task.bytes.fill(0x7a);
  for (std::uint32_t i = 0; i < parameters; ++i) model.push_back(0.1F * static_cast<float>(i));
  for (std::uint32_t i = 0; i < plan.devices; ++i) {
    DeviceId id;
    id.bytes.fill(0xd0);
    id.bytes[0] = static_cast<std::uint8_t>(2 * i + 1);
    ids.push_back(id);
    identities.push_back(SigningKey::random());
    devices.push_back(std::make_unique<PairDevice>(broker, identity_of(i)));
  }
  v1::Certificate certificate;
  certificate.set_tenant("acme");
  certificate.set_subject_id(gateway.raw());
  certificate.set_role(v1::ROLE_GATEWAY);
  certificate.set_public_key(verify_key(gateway_key_).raw());
  certificate.set_operator_("plant-1");
  certificate.set_not_after(1900000000);
  v1::EpochKey epoch;
  epoch.set_subject_id(gateway.raw());
  epoch.set_role(v1::ROLE_GATEWAY);
  epoch.set_epoch(1);
  epoch.set_public_key(exchange_key(gateway_exchange_).raw());
  epoch.set_not_after(1900000000);
  v1::SiteKeys shown;
  auto& key = *shown.add_keys();
  *key.mutable_certificate() = signed_body(authority_, "cert", certificate.SerializeAsString());
  *key.mutable_epoch_key() = signed_body(gateway_key_, "epoch-key", epoch.SerializeAsString());
  publish(root + "site/keys", shown.SerializeAsString());
}

Bytes PairSite::identity_of(std::uint32_t index) const {
  v1::Certificate certificate;
  certificate.set_tenant("acme");
  certificate.set_subject_id(ids[index].raw());
  certificate.set_role(v1::ROLE_DEVICE);
  certificate.set_public_key(verify_key(identities[index]).raw());
  certificate.set_gateway_id(gateway.raw());
  certificate.set_not_after(1900000000);
  v1::DeviceIdentity identity;
  identity.set_tenant("acme");
  identity.set_device_id(ids[index].raw());
  identity.set_gateway_id(gateway.raw());
  identity.set_identity_seed(std::string(text_of(identities[index].expose())));
  *identity.mutable_certificate() =
      signed_body(authority_, "cert", certificate.SerializeAsString());
  identity.set_authority_key(verify_key(authority_).raw());
  identity.set_coordinator_key(verify_key(coordinator_).raw());
  identity.set_mqtt_psk(std::string(32, 'p'));
  identity.set_n_min_floor(2);
  return bytes_of(identity.SerializeAsString());
}

void PairSite::publish(const std::string& topic, const std::string& payload) {
  broker.retained[topic] = bytes_of(payload);
  for (const auto& device : devices) device->receive(topic, broker.retained[topic]);
}

void PairSite::withdraw(const std::string& topic) {
  broker.retained.erase(topic);
  for (const auto& device : devices) device->receive(topic, {});
}

bool PairSite::lost() {
  return lose_every > 0 && ++messages_ % lose_every == 0;
}

void PairSite::trust_gateways() {
  for (const auto& device : devices) {
    auto& record = device->records.at(TRIB_RECORD_IDENTITY);
    v1::DeviceIdentity identity;
    REQUIRE(identity.ParseFromString(text(record)));
    identity.set_trust_gateway(true);
    record = bytes_of(identity.SerializeAsString());
  }
}

void PairSite::deliver(std::uint32_t device, const std::string& kind, const std::string& payload) {
  if (lost()) return;
  devices[device]->receive(root + "device/" + ids[device].hex() + "/down/" + kind,
                           bytes_of(payload));
}

std::uint32_t PairSite::step() {
  std::uint32_t wait = UINT32_MAX;
  for (std::uint32_t i = 0; i < devices.size(); ++i) wait = std::min(wait, step_one(i));
  return wait;
}

std::uint32_t PairSite::step_one(std::uint32_t device) {
  const std::uint32_t wait = devices[device]->run_once();
  answer(device);
  return wait;
}

void PairSite::run(std::uint64_t patience_ms) {
  for (int turns = 0; turns < 3000; ++turns) {
    const std::uint32_t wait = step();
    const bool talk = std::ranges::any_of(devices, [](const auto& device) {
      return device->is_on() && !device->dead && !device->mailbox.empty();
    });
    if (talk) continue;
    if (wait > patience_ms) return;
    broker.now_ms += wait;
    patience_ms -= std::min<std::uint64_t>(patience_ms, wait);
  }
  FAIL("never quiet");
}

void PairSite::join() {
  for (const auto& device : devices) device->on();
  run();
  show_group();
  run();
}

void PairSite::answer(std::uint32_t device) {
  auto messages = std::move(devices[device]->sent);
  devices[device]->sent.clear();
  const std::string prefix = root + "device/" + ids[device].hex() + "/up/";
  for (const auto& [topic, payload] : messages) {
    REQUIRE(topic.starts_with(prefix));
    if (lost() || (mute == device && round && round->survivors.empty())) continue;
    const std::string kind = topic.substr(prefix.size());
    if (kind == "hello") on_hello(device, payload);
    if (kind == "prekey") on_prekey(device, payload);
    if (kind == "request") on_request(device, payload);
    if (kind == "chunk") on_chunk(device, payload);
    if (kind == "header") on_header(device, payload);
    if (kind == "vow") on_vow(device, payload);
    if (kind == "shares") on_shares(device, payload);
    if (kind == "reveal") on_reveal(device, payload);
  }
}

void PairSite::on_hello(std::uint32_t device, const Bytes& payload) {
  v1::Hello hello;
  REQUIRE(hello.ParseFromString(text(payload)));
  CHECK(hello.protocol_version() == 5);
  keys[device] = hello.key();
  v1::Welcome welcome;
  welcome.set_epoch_key_hash(hash("epoch-key", {view_of(hello.key().epoch_key().body())}).raw());
  deliver(device, "welcome", welcome.SerializeAsString());
}

PairKey PairSite::pair(std::uint32_t device) const {
  v1::EpochKey key;
  REQUIRE(key.ParseFromString(keys.at(device).epoch_key().body()));
  PairParties parties{*ExchangeKey::from(std::string_view(key.public_key())),
                      exchange_key(gateway_exchange_),
                      ids[device].bytes,
                      gateway.bytes,
                      1,
                      {}};
  return *pair_key(gateway_exchange_, Side::party, parties);
}

Hash PairSite::roster_root() const {
  std::vector<Hash> leaves;
  for (const auto& [index, key] : keys) {
    leaves.push_back(pairwise::member_leaf(index, view_of(key.certificate().body()),
                                           view_of(key.epoch_key().body())));
  }
  return pairwise::MemberTree(leaves).root();
}

v1::Member PairSite::member_message(std::uint32_t index) const {
  std::vector<Hash> leaves;
  for (const auto& [i, key] : keys) {
    leaves.push_back(pairwise::member_leaf(i, view_of(key.certificate().body()),
                                           view_of(key.epoch_key().body())));
  }
  v1::Member message;
  message.set_index(index);
  *message.mutable_key() = keys.at(index);
  for (const auto& sibling : pairwise::MemberTree(leaves).path(index)) {
    message.add_path(sibling.raw());
  }
  return message;
}

std::string PairSite::signed_group() const {
  v1::Group group;
  group.set_minimum_reader_version(4);
  group.set_tenant("acme");
  group.set_task_id(task.raw());
  group.set_gateway_id(gateway.raw());
  group.set_roster_root(roster_root().raw());
  group.set_beacon(std::string(32, 'b'));
  group.set_devices(plan.devices);
  group.set_neighbours(plan.neighbours);
  group.set_threshold(plan.threshold);
  group.set_witnesses(plan.witnesses);
  group.set_quorum(plan.quorum);
  group.set_first_slot(plan.first_slot);
  group.set_last_slot(plan.last_slot);
  if (change_group) change_group(group);
  auto message = signed_body(coordinator_, "group", group.SerializeAsString());
  if (bend_group_signature) message.mutable_signature()->at(5) ^= 1;
  return message.SerializeAsString();
}

Hash PairSite::group_hash() const {
  v1::Signed message;
  REQUIRE(message.ParseFromString(signed_group()));
  return hash("group", {view_of(message.body())});
}

void PairSite::show_group() {
  REQUIRE(keys.size() == plan.devices);
  const Hash beacon = *Hash::from(std::string_view(std::string(32, 'b')));
  graph.emplace(pairwise::graph_seed(roster_root(), beacon), plan.devices, plan.neighbours);
  for (std::uint32_t i = 0; i < plan.devices; ++i) {
    publish(root + "site/member/" + group_hash().hex() + "/" + std::to_string(i),
            member_message(i).SerializeAsString());
  }
  publish(root + "site/group/" + task.hex(), signed_group());
}

pairwise::RosterDevice PairSite::listed(std::uint32_t index) const {
  return {index, ids[index], verify_key(identities[index])};
}

void PairSite::on_prekey(std::uint32_t device, const Bytes& payload) {
  const auto prekey = pairwise::decode_prekey(payload);
  REQUIRE(prekey);
  const std::uint32_t slot = prekey->head.slot;
  CHECK(pairwise::check(*prekey, terms(slot), listed(device)) == pairwise::PrekeyFault::none);
  const auto [at, fresh] = prekeys[slot].try_emplace(device, *prekey);
  CHECK_MESSAGE(at->second == *prekey, "two prekeys for one slot");
  ++prekeys_seen;
  if (!prekey_receipts) return;
  v1::PrekeyReceipt receipt;
  receipt.set_group_hash(group_hash().raw());
  receipt.set_slot(slot);
  const auto key = kdf(pair(device).expose(), "receipt-key", {});
  receipt.set_mac(
      mac16(key, "prekey", {group_hash().view(), ids[device].view(), le32(slot)}).raw());
  if (slot < next_slot) {
    receipt.set_next_slot(next_slot);
    receipt.set_next_mac(
        mac16(key, "next-slot", {group_hash().view(), ids[device].view(), le32(next_slot)}).raw());
    if (bend_next_mac) receipt.mutable_next_mac()->at(0) ^= 1;
  }
  deliver(device, "prekey", receipt.SerializeAsString());
}

std::string PairSite::head_topic(std::uint32_t slot, std::uint32_t owner) const {
  return root + "site/head/" + group_hash().hex() + "/" + std::to_string(slot) + "/" +
         std::to_string(owner);
}

}  // namespace pair_test
