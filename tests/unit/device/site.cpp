#include "tests/unit/device/site.hpp"

#include <doctest/doctest.h>

#include <cstring>

#include "crypto/mask.hpp"
#include "crypto/upload.hpp"
#include "device-protocol/cpp/context.hpp"
#include "tributary/frame.h"

namespace device_test {
namespace {

using namespace tributary;
using namespace tributary::crypto;

template <class Id>
Id filled(std::uint8_t value) {
  Id id;
  id.bytes.fill(value);
  return id;
}

v1::Signed signed_body(const SigningKey& key, std::string_view label, const std::string& body) {
  v1::Signed result;
  result.set_body(body);
  result.set_signature(sign(key, label, hash(label, {view_of(body)})).raw());
  return result;
}

std::string text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

const std::string root = "tributary/v1/";

v1::Certificate server_certificate(v1::Role role, ByteView id, const std::string& operated_by,
                                   const SigningKey& key) {
  v1::Certificate certificate;
  certificate.set_tenant("acme");
  certificate.set_subject_id(std::string(text_of(id)));
  certificate.set_role(role);
  certificate.set_public_key(verify_key(key).raw());
  certificate.set_operator_(operated_by);
  certificate.set_not_after(1900000000);
  return certificate;
}

v1::EpochKey epoch_key(v1::Role role, ByteView id, std::uint32_t number, const ExchangeKey& key) {
  v1::EpochKey epoch;
  epoch.set_subject_id(std::string(text_of(id)));
  epoch.set_role(role);
  epoch.set_epoch(number);
  epoch.set_public_key(key.raw());
  epoch.set_not_after(1900000000);
  return epoch;
}

}  // namespace

Site::Site(std::uint32_t helpers)
    : device(filled<DeviceId>(0xd1)),
      gateway(filled<GatewayId>(0x61)),
      task(filled<TaskId>(0x7a)),
      authority_(SigningKey::random()),
      coordinator_(SigningKey::random()),
      gateway_key_(SigningKey::random()),
      gateway_exchange_(ExchangeSecret::random()) {
  for (std::uint32_t i = 0; i < helpers; ++i) {
    helpers_.push_back({filled<HelperId>(static_cast<std::uint8_t>(0x41 + i)),
                        "plant-" + std::to_string(2 + i), SigningKey::random(),
                        ExchangeSecret::random()});
  }
  for (std::uint32_t i = 0; i < parameters; ++i) model.push_back(0.01F * static_cast<float>(i));
  const SigningKey own = SigningKey::random();
  v1::Certificate certificate;
  certificate.set_tenant("acme");
  certificate.set_subject_id(device.raw());
  certificate.set_role(v1::ROLE_DEVICE);
  certificate.set_public_key(verify_key(own).raw());
  certificate.set_gateway_id(gateway.raw());
  certificate.set_not_after(1900000000);
  v1::DeviceIdentity identity;
  identity.set_tenant("acme");
  identity.set_device_id(device.raw());
  identity.set_gateway_id(gateway.raw());
  identity.set_identity_seed(std::string(text_of(own.expose())));
  *identity.mutable_certificate() =
      signed_body(authority_, "cert", certificate.SerializeAsString());
  identity.set_authority_key(verify_key(authority_).raw());
  identity.set_coordinator_key(verify_key(coordinator_).raw());
  identity.set_mqtt_psk(std::string(32, 'p'));
  identity.set_n_min_floor(3);
  identity.set_clip_l2_cap(50);
  const std::string bytes = identity.SerializeAsString();
  records[TRIB_RECORD_IDENTITY] = Bytes(bytes.begin(), bytes.end());
  show_keys(1, false);
}

void Site::show_keys(std::uint32_t helper_epoch, bool other_key) {
  v1::SiteKeys keys;
  *keys.add_keys() = gateway_key([](auto&, auto&) {});
  for (const auto& helper : helpers_) {
    *keys.add_keys() =
        helper_key(helper, helper_epoch,
                   exchange_key(other_key ? ExchangeSecret::random() : helper.exchange.clone()));
  }
  publish_retained(root + "site/keys", keys.SerializeAsString());
}

void Site::show_helpers(const std::vector<std::size_t>& which) {
  v1::SiteKeys keys;
  *keys.add_keys() = gateway_key([](auto&, auto&) {});
  for (const std::size_t i : which) {
    *keys.add_keys() = helper_key(helpers_.at(i), 1, exchange_key(helpers_.at(i).exchange));
  }
  publish_retained(root + "site/keys", keys.SerializeAsString());
}

v1::CertifiedKey Site::certified(v1::Certificate certificate, v1::EpochKey epoch,
                                 const SigningKey& key) const {
  v1::CertifiedKey result;
  *result.mutable_certificate() = signed_body(authority_, "cert", certificate.SerializeAsString());
  *result.mutable_epoch_key() = signed_body(key, "epoch-key", epoch.SerializeAsString());
  return result;
}

v1::CertifiedKey Site::gateway_key(const Change& change, const std::string& epoch_label) const {
  auto certificate = server_certificate(v1::ROLE_GATEWAY, gateway.view(), "plant-1", gateway_key_);
  auto epoch = epoch_key(v1::ROLE_GATEWAY, gateway.view(), 1, exchange_key(gateway_exchange_));
  change(certificate, epoch);
  auto result = certified(certificate, epoch, gateway_key_);
  *result.mutable_epoch_key() = signed_body(gateway_key_, epoch_label, epoch.SerializeAsString());
  return result;
}

v1::CertifiedKey Site::helper_key(const Helper& helper, std::uint32_t epoch,
                                  const ExchangeKey& key) const {
  return certified(
      server_certificate(v1::ROLE_HELPER, helper.id.view(), helper.operated_by, helper.key),
      epoch_key(v1::ROLE_HELPER, helper.id.view(), epoch, key), helper.key);
}

bool Site::acts() {
  if (cut_at && actions == *cut_at) dead = true;
  const bool refused = fail_at && actions == *fail_at;
  ++actions;
  return !dead && !refused;
}

void Site::publish_retained(const std::string& topic, const std::string& payload) {
  retained[topic] = Bytes(payload.begin(), payload.end());
  waiting.emplace_back(topic, retained[topic]);
}

void Site::settle(v1::Settings settings) {
  if (settings.device_id().empty()) settings.set_device_id(device.raw());
  const auto message = signed_body(gateway_key_, "settings", settings.SerializeAsString());
  publish_retained(root + "device/" + device.hex() + "/down/settings", message.SerializeAsString());
}

void Site::subscribe(const std::string& filter) {
  const std::string prefix = filter.ends_with("/+") ? filter.substr(0, filter.size() - 1) : filter;
  for (const auto& [topic, payload] : retained) {
    if (topic.starts_with(prefix)) waiting.emplace_back(topic, payload);
  }
}

std::vector<float> Site::model_of(std::uint64_t round) const {
  auto weights = model;
  if (!same_model) weights[0] += 0.001F * static_cast<float>(round);
  return weights;
}

v1::Signed Site::void_of(std::uint64_t round, std::size_t helper) const {
  v1::Void statement;
  statement.mutable_scope()->set_tenant("acme");
  statement.mutable_scope()->set_task_id(task.raw());
  statement.mutable_scope()->set_round(round);
  if (scope_id) {
    statement.mutable_scope()->set_scope_id(scope_id->raw());
  } else {
    statement.mutable_scope()->set_gateway_id(gateway.raw());
  }
  statement.set_helper_id(helpers_.at(helper).id.raw());
  statement.set_at(unix_seconds);
  return signed_body(helpers_.at(helper).key, "void", statement.SerializeAsString());
}

v1::RoundContext Site::context(std::uint64_t round) const {
  v1::RoundContext context;
  context.set_minimum_reader_version(1);
  context.set_tenant("acme");
  context.set_task_id(task.raw());
  context.set_gateway_id(gateway.raw());
  context.set_mode(v1::TRUST_MODE_SPLIT_TRUST);
  context.set_scope(scope_id ? v1::SCOPE_GROUP : v1::SCOPE_GATEWAY);
  if (scope_id) {
    context.set_scope_id(scope_id->raw());
    context.set_minimum_reader_version(4);
  }
  context.set_round(round);
  context.set_model("test:200");
  context.set_parameters(parameters);
  const auto weights = model_of(round);
  context.set_model_hash(
      hash("model",
           {ByteView(reinterpret_cast<const std::uint8_t*>(weights.data()), 4 * weights.size())})
          .raw());
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
  training.set_local_steps(3);
  training.set_batch_size(4);
  training.set_learning_rate(0.1F);
  context.set_gateway_epoch(1);
  for (const auto& helper : helpers_) {
    if (context.helpers_size() == TRIB_MAX_HELPERS) break;
    auto& reference = *context.add_helpers();
    reference.set_helper_id(helper.id.raw());
    reference.set_epoch(1);
  }
  context.set_roster_hash(std::string(32, 'r'));
  context.set_participation_threshold(0xffffffff);
  context.set_n_min(3);
  context.set_n_target(5);
  context.set_n_max(100);
  context.set_deadline(1800001000);
  context.set_combiner_key(std::string(32, 'c'));
  context.set_chunk_bytes(240);
  return context;
}

std::string Site::offer(v1::RoundContext context) const {
  v1::Offer offer;
  offer.set_context(context.SerializeAsString());
  offer.set_signature(sign(coordinator_, "ctx", hash("ctx", {view_of(offer.context())})).raw());
  offer.set_model_chunk_bytes(256);
  for (const auto& statement : voids) *offer.add_voids() = statement;
  return offer.SerializeAsString();
}

void Site::open_round(std::uint64_t round) {
  open_round(context(round));
}

void Site::open_round(const v1::RoundContext& terms) {
  const Hash ctx_hash = hash("ctx", {view_of(terms.SerializeAsString())});
  open_[ctx_hash.raw()] = terms;
  const auto weights = model_of(terms.round());
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(weights.data());
  constexpr std::uint32_t chunk = 256;
  constexpr std::uint32_t total = (parameters * 4 + chunk - 1) / chunk;
  for (std::uint32_t i = 0; i < total; ++i) {
    trib_model_frame frame{{}, i, total};
    std::memcpy(frame.model_tag, terms.model_hash().data(), sizeof frame.model_tag);
    std::string payload(TRIB_MODEL_HEAD_BYTES, 0);
    trib_encode_model_head(reinterpret_cast<unsigned char*>(payload.data()), &frame);
    payload.append(bytes + i * chunk, bytes + std::min(parameters * 4, (i + 1) * chunk));
    const Hash model_hash = *Hash::from(std::string_view(terms.model_hash()));
    retained[root + "site/model/" + model_hash.hex() + "/" + std::to_string(i)] =
        Bytes(payload.begin(), payload.end());
  }
  publish_retained(root + "site/offer/" + task.hex(), offer(terms));
}

void Site::reply(const std::string& kind, const std::string& payload) {
  waiting.emplace_back(root + "device/" + device.hex() + "/down/" + kind,
                       Bytes(payload.begin(), payload.end()));
}

PairKey Site::pair(const ExchangeSecret& own, ByteView id) const {
  PairParties parties{*device_exchange_, exchange_key(own), device.bytes, {}, 1, {}};
  std::copy(id.begin(), id.end(), parties.party_id.begin());
  return *pair_key(own, Side::party, parties);
}

void Site::answer() {
  auto messages = std::move(sent);
  sent.clear();
  const std::string prefix = root + "device/" + device.hex() + "/up/";
  for (const auto& [topic, payload] : messages) {
    REQUIRE(topic.starts_with(prefix));
    const std::string kind = topic.substr(prefix.size());
    if (kind == "hello") on_hello(payload);
    if (kind == "request") on_request(payload);
    if (kind == "chunk") on_chunk(payload);
    if (kind == "header") on_header(payload);
    if (kind == "settings") REQUIRE(reports.emplace_back().ParseFromString(text(payload)));
    if (kind == "state") REQUIRE(states.emplace_back().ParseFromString(text(payload)));
  }
}

void Site::on_hello(const Bytes& payload) {
  v1::Hello hello;
  REQUIRE(hello.ParseFromString(text(payload)));
  v1::EpochKey key;
  REQUIRE(key.ParseFromString(hello.key().epoch_key().body()));
  device_exchange_ = ExchangeKey::from(std::string_view(key.public_key()));
  v1::Welcome welcome;
  welcome.set_epoch_key_hash(hash("epoch-key", {view_of(hello.key().epoch_key().body())}).raw());
  reply("welcome", welcome.SerializeAsString());
}

std::string Site::credit(const std::string& ctx_hash, const std::string& nonce,
                         std::uint32_t total) {
  v1::Credit credit;
  credit.set_ctx_hash(ctx_hash);
  credit.set_nonce(nonce);
  const auto& upload = uploads[ctx_hash + nonce];
  std::uint32_t granted = 0;
  for (std::uint32_t i = 0; i < total && granted < credit_chunks && credit.ranges_size() < 8; ++i) {
    if (upload.chunks.contains(i)) continue;
    auto& range = *credit.add_ranges();
    range.set_first(i);
    range.set_count(1);
    ++granted;
  }
  return credit.SerializeAsString();
}

std::uint32_t Site::words_of(const v1::RoundContext& terms) {
  const auto context = wire::parse_context(terms.SerializeAsString());
  const auto* parsed = std::get_if<wire::Context>(&context);
  REQUIRE(parsed != nullptr);
  return static_cast<std::uint32_t>(parsed->encoding.words());
}

void Site::on_request(const Bytes& payload) {
  v1::UploadRequest request;
  REQUIRE(request.ParseFromString(text(payload)));
  REQUIRE(open_.contains(request.ctx_hash()));
  const auto& terms = open_.at(request.ctx_hash());
  CHECK(request.total() == (words_of(terms) * 4 + terms.chunk_bytes() - 1) / terms.chunk_bytes());
  reply("credit", credit(request.ctx_hash(), request.nonce(), request.total()));
}

void Site::on_chunk(const Bytes& payload) {
  trib_upload_frame frame;
  const unsigned char* sealed = nullptr;
  std::size_t size = 0;
  REQUIRE(trib_decode_upload(&frame, &sealed, &size, payload.data(), payload.size()) == TRIB_OK);
  const Nonce nonce = *Nonce::from(ByteView(frame.nonce, sizeof frame.nonce));
  for (const auto& [ctx_hash, terms] : open_) {
    if (std::memcmp(ctx_hash.data(), frame.ctx_tag, sizeof frame.ctx_tag) != 0) continue;
    const Bytes bytes(sealed, sealed + size);
    auto& seen = sealed_seen[ctx_hash + nonce.raw()];
    const auto [at, fresh] = seen.try_emplace(frame.index, bytes);
    CHECK_MESSAGE(at->second == bytes, "two vectors under one nonce");
    const UploadKey key = upload_key(pair(gateway_exchange_, gateway.view()),
                                     *Hash::from(std::string_view(ctx_hash)), device, nonce);
    const auto opened = open_chunk(
        key,
        {*Hash::from(std::string_view(ctx_hash)), device, frame.index, frame.total, RingBits::b32},
        bytes);
    REQUIRE(opened);
    auto& upload = uploads[ctx_hash + nonce.raw()];
    upload.chunks[frame.index] = *opened;
    upload.tags[frame.index] = Bytes(bytes.end() - TRIB_TAG_BYTES, bytes.end());
  }
}

void Site::unmask(const v1::UploadHeader& header, Bytes& masked) const {
  const Hash ctx_hash = *Hash::from(std::string_view(header.ctx_hash()));
  const Nonce nonce = *Nonce::from(std::string_view(header.nonce()));
  const Hash digest = *Hash::from(std::string_view(header.digest()));
  REQUIRE(header.tickets_size() ==
          std::min<int>(TRIB_MAX_HELPERS, static_cast<int>(helpers_.size())));
  for (int i = 0; i < header.tickets_size(); ++i) {
    const auto& helper = helpers_[static_cast<std::size_t>(i)];
    const PairKey key = pair(helper.exchange, helper.id.view());
    CHECK(header.tickets(i) == ticket(key, ctx_hash, device, nonce, digest).raw());
    Bytes mask(masked.size());
    add_mask(RingBits::b32, mask_seed(key, ctx_hash, device, nonce), 0, mask);
    ring_subtract(RingBits::b32, masked, mask);
  }
}

void Site::on_header(const Bytes& payload) {
  v1::UploadHeader header;
  REQUIRE(header.ParseFromString(text(payload)));
  REQUIRE(open_.contains(header.ctx_hash()));
  const auto& upload = uploads[header.ctx_hash() + header.nonce()];
  if (upload.chunks.size() < header.total()) {
    reply("credit", credit(header.ctx_hash(), header.nonce(), header.total()));
    return;
  }
  const Hash ctx_hash = *Hash::from(std::string_view(header.ctx_hash()));
  const Nonce nonce = *Nonce::from(std::string_view(header.nonce()));
  std::vector<AeadTag> tags;
  Bytes masked;
  for (const auto& [index, tag] : upload.tags) tags.push_back(*AeadTag::from(ByteView(tag)));
  for (const auto& [index, chunk] : upload.chunks)
    masked.insert(masked.end(), chunk.begin(), chunk.end());
  const Hash digest = upload_digest(ctx_hash, device, nonce, tags);
  CHECK(header.digest() == digest.raw());
  unmask(header, masked);
  if (lose_headers) return;
  const std::uint64_t round = open_.at(header.ctx_hash()).round();
  const auto plain = ring_centre(RingBits::b32, masked);
  const auto [at, fresh] = contributions.try_emplace(round, plain);
  CHECK_MESSAGE(at->second == plain, "two contributions to one round");
  receipts.insert(round);
  v1::Receipt receipt;
  receipt.set_ctx_hash(header.ctx_hash());
  receipt.set_nonce(header.nonce());
  receipt.set_digest(digest.raw());
  receipt.set_mac(
      receipt_mac(pair(gateway_exchange_, gateway.view()), ctx_hash, device, nonce, digest).raw());
  if (forge_receipts) receipt.mutable_mac()->at(0) ^= 1;
  reply("receipt", receipt.SerializeAsString());
}

}  // namespace device_test
