#include "tests/unit/device/pair_site.hpp"

#include <doctest/doctest.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "crypto/mask.hpp"
#include "crypto/pairwise/witnesses.hpp"
#include "crypto/upload.hpp"
#include "tributary/frame.h"

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

void PairSite::deliver(std::uint32_t device, const std::string& kind, const std::string& payload) {
  devices[device]->receive(root + "device/" + ids[device].hex() + "/down/" + kind,
                           bytes_of(payload));
}

void PairSite::run(std::uint64_t patience_ms) {
  for (int turns = 0; turns < 3000; ++turns) {
    std::uint32_t wait = UINT32_MAX;
    for (std::uint32_t i = 0; i < devices.size(); ++i) {
      wait = std::min(wait, devices[i]->run_once());
      answer(i);
    }
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
  CHECK(hello.protocol_version() == 4);
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

// ---- group

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
  return signed_body(coordinator_, "group", group.SerializeAsString()).SerializeAsString();
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
  if (!prekey_receipts) return;
  v1::PrekeyReceipt receipt;
  receipt.set_group_hash(group_hash().raw());
  receipt.set_slot(slot);
  const auto key = kdf(pair(device).expose(), "receipt-key", {});
  receipt.set_mac(
      mac16(key, "prekey", {group_hash().view(), ids[device].view(), le32(slot)}).raw());
  deliver(device, "prekey", receipt.SerializeAsString());
}

std::string PairSite::head_topic(std::uint32_t slot, std::uint32_t owner) const {
  return root + "site/head/" + group_hash().hex() + "/" + std::to_string(slot) + "/" +
         std::to_string(owner);
}

// ---- round

void PairSite::open_round(std::uint32_t slot) {
  round.emplace();
  round->slot = slot;
  auto& context = round->context;
  context.set_minimum_reader_version(4);
  context.set_tenant("acme");
  context.set_task_id(task.raw());
  context.set_gateway_id(gateway.raw());
  context.set_mode(v1::TRUST_MODE_PAIRWISE);
  context.set_scope(v1::SCOPE_GATEWAY);
  context.set_round(slot);
  context.set_model("test:12");
  context.set_parameters(parameters);
  auto weights = model;
  weights[0] += 0.001F * static_cast<float>(slot);
  const auto* raw = reinterpret_cast<const std::uint8_t*>(weights.data());
  const Hash model_hash = hash("model", {ByteView(raw, 4 * weights.size())});
  context.set_model_hash(model_hash.raw());
  auto& encoding = *context.mutable_encoding();
  encoding.set_ring_bits(32);
  encoding.set_scale_log2(20);
  encoding.set_clip_l2(10);
  encoding.set_clip_inf(1);
  encoding.set_weight_examples_cap(100);
  encoding.set_weight_scale_log2(20);
  encoding.set_loss_cap(10);
  encoding.set_canary_words(4);
  auto& training = *context.mutable_training();
  training.set_local_steps(2);
  training.set_batch_size(4);
  training.set_learning_rate(0.1F);
  context.set_gateway_epoch(1);
  context.set_roster_hash(std::string(32, 'r'));
  context.set_participation_threshold(0xffffffff);
  context.set_n_min(2);
  context.set_n_target(plan.devices);
  context.set_n_max(plan.devices);
  context.set_deadline(1800001000);
  context.set_combiner_key(std::string(32, 'c'));
  context.set_chunk_bytes(48);
  context.mutable_pairwise()->set_group_hash(group_hash().raw());
  round->ctx_hash = hash("ctx", {view_of(context.SerializeAsString())});
  trib_model_frame frame{{}, 0, 1};
  std::memcpy(frame.model_tag, model_hash.bytes.data(), sizeof frame.model_tag);
  std::string payload(TRIB_MODEL_HEAD_BYTES, 0);
  trib_encode_model_head(reinterpret_cast<unsigned char*>(payload.data()), &frame);
  payload.append(raw, raw + 4 * weights.size());
  for (const auto& [owner, prekey] : prekeys[slot]) {
    publish(head_topic(slot, owner), text(pairwise::encode(prekey.head)));
  }
  publish(root + "site/model/" + model_hash.hex() + "/0", payload);
  publish(root + "site/offer/" + task.hex(), offer());
}

std::string PairSite::offer() const {
  v1::Offer offer;
  offer.set_context(round->context.SerializeAsString());
  offer.set_signature(sign(coordinator_, "ctx", hash("ctx", {view_of(offer.context())})).raw());
  offer.set_model_chunk_bytes(4096);
  return offer.SerializeAsString();
}

std::string PairSite::credit(std::uint32_t device, const v1::UploadRequest& request) const {
  v1::Credit credit;
  credit.set_ctx_hash(request.ctx_hash());
  credit.set_nonce(request.nonce());
  const auto at = uploads_.find(ids[device].raw() + request.ctx_hash() + request.nonce());
  for (std::uint32_t i = 0; i < request.total(); ++i) {
    if (at != uploads_.end() && at->second.opened.contains(i)) continue;
    if (static_cast<std::uint32_t>(credit.ranges_size()) == std::min(credit_chunks, 8U)) break;
    credit.add_ranges()->set_first(i);
    credit.mutable_ranges(credit.ranges_size() - 1)->set_count(1);
  }
  return credit.SerializeAsString();
}

void PairSite::on_request(std::uint32_t device, const Bytes& payload) {
  v1::UploadRequest request;
  REQUIRE(request.ParseFromString(text(payload)));
  if (!round || request.ctx_hash() != round->ctx_hash.raw() || !round->survivors.empty()) {
    v1::Reject reject;
    reject.set_ctx_hash(request.ctx_hash());
    reject.set_nonce(request.nonce());
    reject.set_reason(v1::REJECT_LATE);
    return deliver(device, "reject", reject.SerializeAsString());
  }
  deliver(device, "credit", credit(device, request));
}

void PairSite::on_chunk(std::uint32_t device, const Bytes& payload) {
  trib_upload_frame frame;
  const unsigned char* sealed = nullptr;
  std::size_t size = 0;
  REQUIRE(trib_decode_upload(&frame, &sealed, &size, payload.data(), payload.size()) == TRIB_OK);
  REQUIRE(round);
  if (std::memcmp(round->ctx_hash.bytes.data(), frame.ctx_tag, sizeof frame.ctx_tag) != 0) return;
  const Nonce nonce = *Nonce::from(ByteView(frame.nonce, sizeof frame.nonce));
  const Bytes bytes(sealed, sealed + size);
  auto& upload = uploads_[ids[device].raw() + round->ctx_hash.raw() + nonce.raw()];
  const auto [at, fresh] = upload.sealed.try_emplace(frame.index, bytes);
  CHECK_MESSAGE(at->second == bytes, "two vectors under one nonce");
  const auto opened =
      open_chunk(upload_key(pair(device), round->ctx_hash, ids[device], nonce),
                 {round->ctx_hash, ids[device], frame.index, frame.total, RingBits::b32}, bytes);
  REQUIRE(opened);
  upload.opened[frame.index] = *opened;
}

void PairSite::on_header(std::uint32_t device, const Bytes& payload) {
  v1::UploadHeader header;
  REQUIRE(header.ParseFromString(text(payload)));
  CHECK(header.tickets_size() == 0);
  v1::UploadRequest request;
  request.set_ctx_hash(header.ctx_hash());
  request.set_nonce(header.nonce());
  request.set_total(header.total());
  const auto& upload = uploads_[ids[device].raw() + header.ctx_hash() + header.nonce()];
  if (!round || header.ctx_hash() != round->ctx_hash.raw() || !round->survivors.empty() ||
      upload.opened.size() < header.total()) {
    return on_request(device, bytes_of(request.SerializeAsString()));
  }
  const Nonce nonce = *Nonce::from(std::string_view(header.nonce()));
  std::vector<AeadTag> tags;
  Bytes masked;
  for (const auto& [index, sealed] : upload.sealed) {
    tags.push_back(*AeadTag::from(ByteView(sealed).last(TRIB_TAG_BYTES)));
  }
  for (const auto& [index, chunk] : upload.opened) {
    masked.insert(masked.end(), chunk.begin(), chunk.end());
  }
  const Hash digest = upload_digest(round->ctx_hash, ids[device], nonce, tags);
  CHECK(header.digest() == digest.raw());
  const auto [at, fresh] = round->uploads.try_emplace(device, masked);
  CHECK_MESSAGE(at->second == masked, "two contributions to one round");
  v1::Receipt receipt;
  receipt.set_ctx_hash(header.ctx_hash());
  receipt.set_nonce(header.nonce());
  receipt.set_digest(digest.raw());
  receipt.set_mac(receipt_mac(pair(device), round->ctx_hash, ids[device], nonce, digest).raw());
  deliver(device, "receipt", receipt.SerializeAsString());
}

// ---- second wake-up

std::vector<std::uint32_t> PairSite::witnesses(std::uint32_t slot) const {
  return pairwise::choose_witnesses(graph->seed(), slot, plan.devices, plan.witnesses);
}

Hash PairSite::survivors_hash(const std::vector<std::uint32_t>& survivors) const {
  const auto set = pairwise::SurvivorSet::from(plan.devices, survivors);
  return set->hash({graph->seed(), round->ctx_hash, round->slot});
}

std::string PairSite::closing(const std::vector<std::uint32_t>& survivors) const {
  v1::Offer shown;
  REQUIRE(shown.ParseFromString(offer()));
  v1::Closing closing;
  closing.set_context(shown.context());
  closing.set_signature(shown.signature());
  std::string bits((plan.devices + 7) / 8, '\0');
  for (const auto i : survivors) bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << (i % 8));
  closing.set_survivors(bits);
  return closing.SerializeAsString();
}

void PairSite::close_round() {
  std::vector<std::uint32_t> survivors;
  for (const auto& [device, masked] : round->uploads) survivors.push_back(device);
  close_round(survivors);
}

void PairSite::close_round(const std::vector<std::uint32_t>& survivors) {
  round->survivors = survivors;
  publish(root + "site/closing/" + task.hex(), closing(survivors));
}

void PairSite::end_round() {
  withdraw(root + "site/offer/" + task.hex());
  withdraw(root + "site/closing/" + task.hex());
  for (std::uint32_t i = 0; i < plan.devices; ++i) {
    withdraw(root + "site/vow/" + round->ctx_hash.hex() + "/" + std::to_string(i));
    withdraw(head_topic(round->slot, i));
  }
}

std::string PairSite::witness_vow(std::uint32_t witness, const Hash& hash) const {
  v1::WitnessVow message;
  *message.mutable_witness() = member_message(witness);
  message.set_signature(sign(identities[witness], "survivor-set", hash).raw());
  return message.SerializeAsString();
}

std::string PairSite::forged_vow(std::uint32_t witness, const Hash& hash) const {
  v1::WitnessVow message;
  *message.mutable_witness() = member_message(witness);
  message.set_signature(sign(gateway_key_, "survivor-set", hash).raw());
  return message.SerializeAsString();
}

void PairSite::on_vow(std::uint32_t device, const Bytes& payload) {
  v1::Vow vow;
  REQUIRE(vow.ParseFromString(text(payload)));
  REQUIRE(round);
  if (vow.ctx_hash() != round->ctx_hash.raw()) return;
  const Hash hash = *Hash::from(std::string_view(vow.survivors_hash()));
  CHECK(std::ranges::count(witnesses(round->slot), device) == 1);
  CHECK(verify(verify_key(identities[device]), "survivor-set", hash,
               *Signature::from(std::string_view(vow.signature()))));
  auto& said = vowed[device][round->slot];
  said.insert(vow.survivors_hash());
  CHECK_MESSAGE(said.size() == 1, "two vows for one slot");
  if (!retain_vows) return;
  publish(root + "site/vow/" + round->ctx_hash.hex() + "/" + std::to_string(device),
          witness_vow(device, hash));
}

pairwise::ShareKind PairSite::kind_of(std::uint32_t owner) const {
  return std::ranges::binary_search(round->survivors, owner) ? pairwise::ShareKind::self_seed
                                                             : pairwise::ShareKind::mask_secret;
}

void PairSite::on_shares(std::uint32_t device, const Bytes& payload) {
  v1::SharesRequest request;
  REQUIRE(request.ParseFromString(text(payload)));
  if (!round || request.ctx_hash() != round->ctx_hash.raw()) return;
  send_shares(device, request.place());
}

void PairSite::send_shares(std::uint32_t device, std::uint32_t place) {
  v1::Shares message;
  message.set_ctx_hash(round->ctx_hash.raw());
  message.set_place(place);
  const auto owners = graph->neighbours(device);
  auto& [first, kinds] = asked_[device];
  first = place;
  kinds.clear();
  for (std::size_t i = place; i < owners.size() && kinds.size() < shares_at_once; ++i) {
    const auto kind = both_kinds && kind_of(owners[i]) == pairwise::ShareKind::self_seed
                          ? pairwise::ShareKind::mask_secret
                          : kind_of(owners[i]);
    const auto point = graph->share_point(owners[i], device);
    const auto prekey = prekeys.at(round->slot).find(owners[i]);
    pairwise::SealedShare sealed{};
    if (prekey != prekeys.at(round->slot).end()) {
      const auto& both = prekey->second.shares.at(*point - 1U);
      sealed = kind == pairwise::ShareKind::self_seed ? both.self_seed : both.mask_secret;
    }
    kinds.push_back(kind);
    message.add_sealed(sealed.raw());
  }
  deliver(device, "shares", message.SerializeAsString());
}

void PairSite::on_reveal(std::uint32_t device, const Bytes& payload) {
  v1::Reveal reveal;
  REQUIRE(reveal.ParseFromString(text(payload)));
  if (!round || reveal.ctx_hash() != round->ctx_hash.raw()) return;
  const auto& [first, kinds] = asked_[device];
  REQUIRE(reveal.place() == first);
  REQUIRE(reveal.sealed().size() == kinds.size() * 33 + 16);
  ++reveals;
  const auto key =
      kdf(pair(device).expose(), "reveal-key", {round->ctx_hash.view(), ids[device].view()});
  Bytes nonce(12);
  std::ranges::copy(le32(first), nonce.begin());
  Bytes opened(kinds.size() * 33);
  const auto* sealed = reinterpret_cast<const unsigned char*>(reveal.sealed().data());
  REQUIRE(crypto_aead_chacha20poly1305_ietf_decrypt(opened.data(), nullptr, nullptr, sealed,
                                                    reveal.sealed().size(), nullptr, 0,
                                                    nonce.data(), key.data()) == 0);
  const auto owners = graph->neighbours(device);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto one = ByteView(opened).subspan(33 * i, 33);
    const std::uint32_t owner = owners[first + i];
    round->answered[device].insert(owner);
    if (one[0] == 0) {
      CHECK(std::ranges::all_of(one, [](auto byte) { return byte == 0; }));
      continue;
    }
    auto& seen = revealed[device][round->slot][owner];
    seen.insert(static_cast<int>(kinds[i]));
    CHECK_MESSAGE(seen.size() == 1, "both shares of one neighbour in one slot");
    round->shares[owner].insert_or_assign(device, *pairwise::ShareValue::from(one.subspan(1)));
  }
  send_shares(device, first + static_cast<std::uint32_t>(kinds.size()));
}

std::optional<Bytes> PairSite::sum() const {
  if (round->survivors.size() < round->context.n_min()) return std::nullopt;
  pairwise::OpenedSecrets opened;
  std::vector<pairwise::Published> published;
  for (std::uint32_t owner = 0; owner < plan.devices; ++owner) {
    const auto& head = prekeys.at(round->slot).at(owner).head;
    published.push_back({head.mask_key, head.commitment});
    const auto held = round->shares.find(owner);
    if (held == round->shares.end() || held->second.size() < plan.threshold) return std::nullopt;
    std::vector<pairwise::Share> shares;
    for (const auto& [holder, value] : held->second) {
      shares.push_back({*graph->share_point(owner, holder), value.clone()});
    }
    const auto secret = pairwise::reconstruct(shares, plan.threshold);
    REQUIRE(secret);
    if (kind_of(owner) == pairwise::ShareKind::self_seed) {
      opened.survivors.push_back({owner, *pairwise::SelfSeed::from(secret->expose())});
    } else {
      opened.dropped.push_back({owner, *pairwise::MaskSecret::from(secret->expose())});
    }
  }
  Bytes total(4 * words);
  for (const auto owner : round->survivors) {
    ring_add(RingBits::b32, total, round->uploads.at(owner));
  }
  const auto fault =
      pairwise::unmask(RingBits::b32, *graph, published, opened, round->ctx_hash, total);
  CHECK_FALSE(fault);
  return fault ? std::nullopt : std::optional(total);
}

Bytes PairSite::expected_sum() const {
  Bytes total(4 * words);
  for (const auto owner : round->survivors) {
    const auto& plain = devices[owner]->plain.at(round->ctx_hash.raw());
    REQUIRE(plain.size() == words);
    ring_add(RingBits::b32, total,
             ByteView(reinterpret_cast<const std::uint8_t*>(plain.data()), 4 * plain.size()));
  }
  return total;
}

}  // namespace pair_test
