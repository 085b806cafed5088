#include "tests/unit/gateway/helper_world.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>

#include <algorithm>
#include <numeric>

#include "crypto/mask.hpp"

namespace tributary::gateway::helper::test {
namespace {

std::string raw(ByteView bytes) {
  return std::string{text_of(bytes)};
}

}  // namespace

DeviceId device_id(std::uint16_t number) {
  DeviceId id{};
  id.bytes[0] = static_cast<std::uint8_t>(number >> 8);
  id.bytes[1] = static_cast<std::uint8_t>(number);
  return id;
}

std::uint64_t seconds(UnixTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "tributary-helper-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

Folder::~Folder() {
  std::filesystem::remove_all(path_);
}

v1::Signed signed_by(const crypto::SigningKey& key, std::string_view label, std::string body) {
  v1::Signed message;
  message.set_signature(crypto::sign(key, label, crypto::hash(label, {view_of(body)})).raw());
  message.set_body(std::move(body));
  return message;
}

World::World(std::uint16_t count)
    : gateway_party(party(v1::ROLE_GATEWAY, gateway.view())),
      other_party(party(v1::ROLE_GATEWAY, other_gateway.view())),
      helper_party(party(v1::ROLE_HELPER, helper.view())) {
  roster.set_gateway_id(gateway.raw());
  for (std::uint16_t number = 1; number <= count; ++number) enrol(device(number, gateway));
  start();
}

Party World::party(v1::Role kind, ByteView id, const GatewayId* enrolled, const Bend& bend) const {
  auto key = crypto::SigningKey::random();
  v1::Certificate certificate;
  certificate.set_tenant(tenant);
  certificate.set_subject_id(raw(id));
  certificate.set_role(kind);
  certificate.set_public_key(crypto::verify_key(key).raw());
  if (enrolled != nullptr) certificate.set_gateway_id(enrolled->raw());
  certificate.set_not_before(seconds(now) - 1000);
  certificate.set_not_after(seconds(now) + 1'000'000);
  if (bend) bend(certificate);
  return {std::move(key), signed_by(authority, "cert", certificate.SerializeAsString())};
}

Device World::device(std::uint16_t number, const GatewayId& enrolled, const Bend& bend) const {
  const auto id = device_id(number);
  Device made{
      id, party(v1::ROLE_DEVICE, id.view(), &enrolled, bend), crypto::ExchangeSecret::random(), {}};
  v1::EpochKey key;
  key.set_subject_id(id.raw());
  key.set_role(v1::ROLE_DEVICE);
  key.set_epoch(1);
  key.set_public_key(crypto::exchange_key(made.secret).raw());
  key.set_not_after(seconds(now) + 1'000'000);
  *made.certified.mutable_certificate() = made.party.certificate;
  *made.certified.mutable_epoch_key() =
      signed_by(made.party.key, "epoch-key", key.SerializeAsString());
  return made;
}

void World::enrol(Device made) {
  *roster.add_devices() = made.certified;
  devices.push_back(std::move(made));
}

void World::start(Limits limits, UnixTime at) {
  role.reset();
  Identity identity{tenant,
                    helper,
                    id_of<GatewayId>(0xAF),
                    helper_party.key.clone(),
                    helper_party.certificate.SerializeAsString(),
                    crypto::verify_key(authority),
                    crypto::verify_key(coordinator)};
  role = HelperRole::open(folder.path(), std::move(identity), limits, at);
}

v1::CertifiedKey World::gateway_key(const GatewayId& id) const {
  v1::CertifiedKey key;
  *key.mutable_certificate() = (id == gateway ? gateway_party : other_party).certificate;
  return key;
}

v1::RoundContext World::context(std::uint64_t round) const {
  v1::RoundContext context;
  context.set_minimum_reader_version(1);
  context.set_tenant(tenant);
  context.set_task_id(task.raw());
  context.set_gateway_id(roster.gateway_id());
  context.set_mode(v1::TRUST_MODE_SPLIT_TRUST);
  context.set_scope(v1::SCOPE_GATEWAY);
  context.set_round(round);
  context.set_model("mlp:2-3-2");
  context.set_parameters(parameters);
  context.set_model_hash(Hash{}.raw());
  auto& encoding = *context.mutable_encoding();
  encoding.set_ring_bits(32);
  encoding.set_scale_log2(10);
  encoding.set_clip_l2(10);
  encoding.set_clip_inf(1);
  encoding.set_weight_examples_cap(1000);
  encoding.set_weight_scale_log2(10);
  encoding.set_loss_cap(10);
  encoding.set_canary_words(canaries);
  auto* ref = context.add_helpers();
  ref->set_helper_id(helper.raw());
  ref->set_epoch(role->epoch());
  context.set_roster_hash(crypto::hash("roster", {view_of(roster.SerializeAsString())}).raw());
  context.set_n_min(3);
  context.set_n_target(100);
  context.set_n_max(100);
  context.set_not_before(seconds(now) - 60);
  context.set_deadline(seconds(now) + 600);
  context.set_chunk_bytes(48);
  context.set_combiner_key(crypto::exchange_key(combiner).raw());
  return context;
}

Upload World::upload(const Device& device, const std::string& context_bytes) const {
  const auto ctx_hash = crypto::hash("ctx", {view_of(context_bytes)});
  v1::RoundContext context;
  REQUIRE(context.ParseFromString(context_bytes));
  v1::EpochKey key;
  REQUIRE(key.ParseFromString(role->certified_key().epoch_key().body()));
  const auto pair = crypto::pair_key(device.secret, crypto::Side::device,
                                     {crypto::exchange_key(device.secret),
                                      *ExchangeKey::from(key.public_key()),
                                      device.id.bytes,
                                      helper.bytes,
                                      key.epoch(),
                                      {}});
  REQUIRE(pair);
  // The nonce is a device's own; one that depends on device and context keeps uploads apart.
  const auto nonce = *Nonce::from(
      crypto::hash("test-nonce", {device.id.view(), ctx_hash.view()}).view().first(16));
  const auto digest = crypto::hash("test-digest", {nonce.view()});
  Upload made{
      {device.id, nonce, digest}, crypto::ticket(*pair, ctx_hash, device.id, nonce, digest), {}};
  // A test may ask for a ring that does not exist.
  const auto bits =
      crypto::ring_bits(context.encoding().ring_bits()).value_or(crypto::RingBits::b32);
  made.mask.resize(words * crypto::word_bytes(bits));
  crypto::add_mask(bits, crypto::mask_seed(*pair, ctx_hash, device.id, nonce), 0, made.mask);
  return made;
}

v1::SumRequest World::request(const v1::RoundContext& context,
                              const std::vector<std::size_t>& who) const {
  v1::SumRequest request;
  const auto bytes = context.SerializeAsString();
  request.set_context(bytes);
  request.set_context_signature(
      crypto::sign(coordinator, "ctx", crypto::hash("ctx", {view_of(bytes)})).raw());
  request.set_helper_id(helper.raw());
  for (const auto index : who) {
    const auto made = upload(devices.at(index), bytes);
    auto* survivor = request.add_survivors();
    survivor->set_device_id(made.entry.device.raw());
    survivor->set_nonce(made.entry.nonce.raw());
    survivor->set_digest(made.entry.digest.raw());
    request.add_tickets(made.ticket.raw());
  }
  sign_request(request);
  return request;
}

void World::sign_request(v1::SumRequest& request) const {
  const auto ctx_hash = crypto::hash("ctx", {view_of(request.context())});
  crypto::PartHasher hasher("survivors");
  hasher.part(ctx_hash.view());
  for (const auto& survivor : request.survivors()) {
    hasher.part(view_of(survivor.device_id() + survivor.nonce() + survivor.digest()));
  }
  const auto survivors = hasher.finish();
  v1::RoundContext context;
  REQUIRE(context.ParseFromString(request.context()));
  const auto& signer = context.gateway_id() == gateway.raw() ? gateway_party : other_party;
  request.set_signature(
      crypto::sign(signer.key, "sum-request",
                   crypto::hash("sum-request", {ctx_hash.view(), survivors.view()}))
          .raw());
}

std::vector<std::size_t> World::everybody() const {
  std::vector<std::size_t> who(devices.size());
  std::iota(who.begin(), who.end(), std::size_t{0});
  return who;
}

Decision World::ask(const v1::SumRequest& request, UnixTime at,
                    const std::set<DeviceId>& revoked) const {
  const auto from = *GatewayId::from(roster.gateway_id());
  return role->answer(request, roster.SerializeAsString(), gateway_key(from), revoked, at);
}

std::string World::answer(const v1::SumRequest& request, UnixTime at) const {
  const auto decision = ask(request, at);
  if (const auto* refused = std::get_if<Refusal>(&decision)) FAIL(refused->text);
  const auto& job = std::get<Job>(decision);
  const auto finished = role->finish(job, run(job));
  if (const auto* unfinished = std::get_if<Unfinished>(&finished)) FAIL(unfinished->text);
  return std::get<Answer>(finished).body;
}

v1::HelperRefusal World::refusal(const v1::SumRequest& request, UnixTime at,
                                 const std::set<DeviceId>& revoked) const {
  const auto decision = ask(request, at, revoked);
  const auto* refused = std::get_if<Refusal>(&decision);
  if (refused == nullptr) return v1::HELPER_REFUSAL_UNSPECIFIED;
  v1::MaskRefusal message;
  REQUIRE(message.ParseFromString(refused->body));
  return message.reason();
}

bool World::blames(const v1::SumRequest& request, const std::vector<DeviceId>& ids,
                   const std::set<DeviceId>& revoked) const {
  const auto decision = ask(request, now, revoked);
  v1::MaskRefusal message;
  REQUIRE(message.ParseFromString(std::get<Refusal>(decision).body));
  return std::equal(ids.begin(), ids.end(), message.device_ids().begin(),
                    message.device_ids().end(),
                    [](const DeviceId& id, const std::string& named) { return id.raw() == named; });
}

Bytes World::open_sum(const std::string& mask_sum) const {
  v1::MaskSum message;
  REQUIRE(message.ParseFromString(mask_sum));
  const auto opened = crypto::open_sealed(
      combiner, {*Hash::from(message.ctx_hash()), *Hash::from(message.survivors_hash()), helper},
      view_of(message.sealed()));
  REQUIRE(opened);
  return *opened;
}

Bytes World::expected_sum(const v1::SumRequest& request,
                          const std::vector<std::size_t>& who) const {
  v1::RoundContext context;
  REQUIRE(context.ParseFromString(request.context()));
  const auto bits = *crypto::ring_bits(context.encoding().ring_bits());
  Bytes sum(words * crypto::word_bytes(bits));
  for (const auto index : who) {
    crypto::ring_add(bits, sum, upload(devices.at(index), request.context()).mask);
  }
  return sum;
}

}  // namespace tributary::gateway::helper::test
