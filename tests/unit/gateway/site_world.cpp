#include "tests/unit/gateway/site_world.hpp"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "crypto/mask.hpp"
#include "device-protocol/cpp/frame.hpp"
#include "device-protocol/cpp/signed.hpp"
#include "gateway/uplink/question.hpp"

namespace tributary::gateway::test {
namespace {

constexpr std::uint64_t today = 1'800'000'000;
constexpr std::uint64_t later = today + 86'400 * 365;
constexpr std::uint32_t helper_epoch_number = 7;

template <class Id>
Id numbered(std::uint8_t number) {
  Id id;
  id.bytes.fill(number);
  return id;
}

const FleetDevice& device_of(const std::vector<FleetDevice>& devices, const std::string& id) {
  for (const auto& device : devices) {
    if (device.id.raw() == id) return device;
  }
  throw std::logic_error("no such device");
}

wire::Context read_context(const std::string& bytes) {
  return std::get<wire::Context>(wire::parse_context(bytes));
}

}  // namespace

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "tributary-site-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}
Folder::~Folder() {
  std::filesystem::remove_all(path_);
}

Fleet::Fleet(std::uint8_t count)
    : gateway(numbered<GatewayId>(0xA0)), helper(numbered<HelperId>(0xB0)) {
  helper_certified_ = certify(helper.bytes, v1::ROLE_HELPER, helper_key_, helper_epoch_);
  model_.assign(std::size_t{parameters} * 4, '\0');
  std::filesystem::create_directories(folder.path() / "state");
  std::filesystem::create_directories(folder.path() / "devices");
  for (std::uint8_t i = 1; i <= count; ++i) {
    FleetDevice device{numbered<DeviceId>(i),
                       crypto::SigningKey::random(),
                       crypto::ExchangeSecret::random(),
                       {},
                       numbered<Nonce>(i),
                       {}};
    device.certified = certify(device.id.bytes, v1::ROLE_DEVICE, device.key, device.epoch);
    for (std::size_t word = 0; word < words(); ++word) {
      device.values.push_back(static_cast<std::int32_t>(i * 1000 + word) * (word % 2 ? -1 : 1));
    }
    std::ofstream file(folder.path() / "devices" / (device.id.hex() + ".cert"), std::ios::binary);
    file << device.certified.certificate().SerializeAsString();
    devices.push_back(std::move(device));
  }
}

v1::Signed Fleet::certificate(std::span<const std::uint8_t, 16> id, v1::Role role,
                              const crypto::SigningKey& key) const {
  v1::Certificate certificate;
  certificate.set_tenant(tenant);
  certificate.set_subject_id(std::string(id.begin(), id.end()));
  certificate.set_role(role);
  certificate.set_public_key(crypto::verify_key(key).raw());
  if (role == v1::ROLE_DEVICE) certificate.set_gateway_id(gateway.raw());
  if (role != v1::ROLE_DEVICE) certificate.set_operator_("plant-" + std::to_string(role));
  certificate.set_not_before(today - 86'400);
  certificate.set_not_after(later);
  certificate.set_serial(id[0]);
  return wire::sign_body("cert", certificate.SerializeAsString(), authority_);
}

v1::CertifiedKey Fleet::certify(std::span<const std::uint8_t, 16> id, v1::Role role,
                                const crypto::SigningKey& key,
                                const crypto::ExchangeSecret& secret) const {
  v1::EpochKey epoch;
  epoch.set_subject_id(std::string(id.begin(), id.end()));
  epoch.set_role(role);
  epoch.set_epoch(role == v1::ROLE_HELPER ? helper_epoch_number : 1);
  epoch.set_public_key(crypto::exchange_key(secret).raw());
  epoch.set_not_after(later);
  v1::CertifiedKey certified;
  *certified.mutable_certificate() = certificate(id, role, key);
  *certified.mutable_epoch_key() = wire::sign_body("epoch-key", epoch.SerializeAsString(), key);
  return certified;
}

engine::Identity Fleet::identity() const {
  return {tenant,
          gateway,
          gateway_key_.clone(),
          certificate(gateway.bytes, v1::ROLE_GATEWAY, gateway_key_).SerializeAsString(),
          crypto::verify_key(authority_),
          crypto::verify_key(coordinator_)};
}

std::string Fleet::roster() const {
  v1::Roster roster;
  roster.set_gateway_id(gateway.raw());
  for (const auto& device : devices) *roster.add_devices() = device.certified;
  return roster.SerializeAsString();
}

v1::RoundContext Fleet::context(std::uint32_t n_min, std::uint32_t target) const {
  v1::RoundContext context;
  context.set_minimum_reader_version(1);
  context.set_tenant(tenant);
  context.set_task_id(numbered<TaskId>(0xC0).raw());
  context.set_gateway_id(gateway.raw());
  context.set_mode(v1::TRUST_MODE_SPLIT_TRUST);
  context.set_scope(v1::SCOPE_GATEWAY);
  context.set_round(1);
  context.set_model("synthetic:500");
  context.set_parameters(parameters);
  context.set_model_hash(crypto::hash("model", {view_of(model_)}).raw());
  auto* encoding = context.mutable_encoding();
  encoding->set_ring_bits(32);
  encoding->set_scale_log2(10);
  encoding->set_clip_l2(10);
  encoding->set_clip_inf(1);
  encoding->set_weight_examples_cap(100);
  encoding->set_weight_scale_log2(10);
  encoding->set_loss_cap(10);
  encoding->set_canary_words(4);
  context.set_gateway_epoch(1);
  auto* reference = context.add_helpers();
  reference->set_helper_id(helper.raw());
  reference->set_epoch(helper_epoch_number);
  context.set_roster_hash(roster_hash().raw());
  context.set_participation_threshold(0xffffffff);
  context.set_n_min(n_min);
  context.set_n_target(target);
  context.set_n_max(static_cast<std::uint32_t>(devices.size()));
  context.set_not_before(today - 10);
  context.set_deadline(today + 600);
  context.set_combiner_key(crypto::exchange_key(combiner_).raw());
  context.set_chunk_bytes(chunk_bytes);
  return context;
}

v1::Offer Fleet::offer(const v1::RoundContext& context) const {
  v1::Offer offer;
  offer.set_context(context.SerializeAsString());
  offer.set_signature(crypto::sign(coordinator_, "ctx", wire::ctx_hash(offer.context())).raw());
  return offer;
}

crypto::PairKey Fleet::helper_pair_key(const FleetDevice& device, crypto::Side side) const {
  auto key = crypto::pair_key(side == crypto::Side::device ? device.epoch : helper_epoch_, side,
                              {crypto::exchange_key(device.epoch),
                               crypto::exchange_key(helper_epoch_),
                               device.id.bytes,
                               helper.bytes,
                               helper_epoch_number,
                               {}});
  return std::move(*key);
}

crypto::PairKey Fleet::gateway_pair_key(const FleetDevice& device,
                                        const std::string& site_keys) const {
  v1::SiteKeys keys;
  keys.ParseFromString(site_keys);
  v1::EpochKey epoch;
  epoch.ParseFromString(keys.keys(0).epoch_key().body());
  auto key = crypto::pair_key(device.epoch, crypto::Side::device,
                              {crypto::exchange_key(device.epoch),
                               *ExchangeKey::from(epoch.public_key()),
                               device.id.bytes,
                               gateway.bytes,
                               epoch.epoch(),
                               {}});
  return std::move(*key);
}

Bytes Fleet::plain_words(const FleetDevice& device) {
  Bytes words;
  for (const auto value : device.values) {
    const auto word = crypto::le32(static_cast<std::uint32_t>(value));
    words.insert(words.end(), word.begin(), word.end());
  }
  return words;
}

std::vector<Bytes> Fleet::seal(const FleetDevice& device, const wire::Context& context,
                               const std::string& site_keys, ByteView masked) const {
  const auto key = crypto::upload_key(gateway_pair_key(device, site_keys), context.hash, device.id,
                                      device.nonce);
  std::vector<Bytes> chunks;
  for (std::uint32_t i = 0; i < context.chunks(); ++i) {
    const auto words = masked.subspan(std::size_t{i} * chunk_bytes, context.bytes_of_chunk(i));
    chunks.push_back(crypto::seal_chunk(
        key, {context.hash, device.id, i, context.chunks(), crypto::RingBits::b32}, words));
  }
  return chunks;
}

std::vector<Bytes> Fleet::sealed(const FleetDevice& device, const wire::Context& context,
                                 const std::string& site_keys) const {
  Bytes masked = plain_words(device);
  crypto::add_mask(crypto::RingBits::b32,
                   crypto::mask_seed(helper_pair_key(device, crypto::Side::device), context.hash,
                                     device.id, device.nonce),
                   0, masked);
  return seal(device, context, site_keys, masked);
}

std::vector<std::string> Fleet::frames_of(const FleetDevice& device, const wire::Context& context,
                                          const std::vector<Bytes>& chunks) {
  std::vector<std::string> frames;
  for (std::uint32_t i = 0; i < chunks.size(); ++i) {
    const auto frame = wire::upload_chunk(
        {wire::frame_tag(context.hash), device.nonce, i, context.chunks(), chunks[i]});
    frames.emplace_back(text_of(frame));
  }
  return frames;
}

v1::UploadHeader Fleet::header_of(const FleetDevice& device, const wire::Context& context,
                                  const std::vector<Bytes>& chunks) {
  std::vector<AeadTag> tags;
  for (const auto& chunk : chunks)
    tags.push_back(*AeadTag::from(ByteView(chunk).last(AeadTag::size)));
  v1::UploadHeader header;
  header.set_ctx_hash(context.hash.raw());
  header.set_nonce(device.nonce.raw());
  header.set_total(context.chunks());
  header.set_digest(crypto::upload_digest(context.hash, device.id, device.nonce, tags).raw());
  return header;
}

std::vector<std::string> Fleet::frames(const FleetDevice& device, const std::string& bytes,
                                       const std::string& site_keys) const {
  const auto context = read_context(bytes);
  return frames_of(device, context, sealed(device, context, site_keys));
}

v1::UploadHeader Fleet::header(const FleetDevice& device, const std::string& bytes,
                               const std::string& site_keys) const {
  const auto context = read_context(bytes);
  auto header = header_of(device, context, sealed(device, context, site_keys));
  const Hash digest = *Hash::from(header.digest());
  header.add_tickets(crypto::ticket(helper_pair_key(device, crypto::Side::device), context.hash,
                                    device.id, device.nonce, digest)
                         .raw());
  return header;
}

std::vector<std::int64_t> Fleet::unmask(const v1::GatewaySum& sum) const {
  Bytes words(sum.words().begin(), sum.words().end());
  std::vector<crypto::Seed> seeds;
  for (const auto& survivor : sum.survivors()) {
    const auto& device = device_of(devices, survivor.device_id());
    seeds.push_back(crypto::mask_seed(helper_pair_key(device, crypto::Side::party),
                                      *Hash::from(sum.ctx_hash()), device.id,
                                      *Nonce::from(survivor.nonce())));
  }
  crypto::ring_subtract(crypto::RingBits::b32, words,
                        crypto::sum_masks(crypto::RingBits::b32, seeds, this->words()));
  return crypto::ring_centre(crypto::RingBits::b32, words);
}

std::vector<std::int64_t> Fleet::true_sum(const v1::GatewaySum& sum) const {
  std::vector<std::int64_t> total(words());
  for (const auto& survivor : sum.survivors()) {
    const auto& device = device_of(devices, survivor.device_id());
    for (std::size_t i = 0; i < total.size(); ++i) total[i] += device.values[i];
  }
  return total;
}

v1::MaskRefusal Fleet::refusal(const v1::GatewaySum& sum, const DeviceId& device) const {
  v1::MaskRefusal refusal;
  refusal.set_ctx_hash(sum.ctx_hash());
  refusal.set_survivors_hash(sum.survivors_hash());
  refusal.set_helper_id(helper.raw());
  refusal.set_reason(v1::HELPER_REFUSAL_BAD_TICKET);
  refusal.add_device_ids(device.raw());
  const auto reason = crypto::le32(static_cast<std::uint32_t>(refusal.reason()));
  const Hash statement =
      crypto::hash("mask-refusal", {view_of(sum.ctx_hash()), view_of(sum.survivors_hash()),
                                    helper.view(), reason, device.view()});
  refusal.set_signature(crypto::sign(helper_key_, "mask-refusal", statement).raw());
  return refusal;
}

SiteWorld::SiteWorld(Fleet& around, std::uint64_t store_bytes, std::uint64_t outbox_bytes)
    : fleet(around) {
  const engine::SiteOptions options{"site",
                                    fleet.folder.path() / "state",
                                    fleet.folder.path() / "devices",
                                    store_bytes,
                                    256 << 20,
                                    32 << 20,
                                    1 << 20,
                                    {},
                                    outbox_bytes};
  const engine::SitePorts ports{
      [this](std::string topic, std::string payload) { hear(topic, payload); },
      [this](std::string topic, std::string payload) {
        if (before_speaking) before_speaking();
        if (payload.empty()) {
          retained_.erase(topic);
        } else {
          retained_[topic] = payload;
        }
      },
      [] {}, [] {}, [this](const std::string& why) { broken = why; }};
  const engine::Clock clock{[this] { return wall; },
                            [this] {
                              return std::chrono::duration_cast<round::Instant>(
                                         std::chrono::steady_clock::now().time_since_epoch()) +
                                     skipped;
                            }};
  threads = std::make_unique<engine::SiteThreads>(io);
  site = std::make_unique<engine::Site>(
      fleet.identity(), options, ports, threads->workers(), clock, metrics,
      [this](engine::Severity, std::string_view event, service::log::Fields fields) {
        log.push_back(service::log::human_line(event, fields));
      });
  site->start();
  threads->run(*site);
}

void SiteWorld::hear(const std::string& topic, const std::string& payload) {
  if (before_speaking) before_speaking();
  if (topic.starts_with(wire::config_root)) {
    told[topic] = payload;
    return;
  }
  const std::string root = "tributary/v1/device/";
  const auto device = *DeviceId::from_hex(topic.substr(root.size(), 32));
  const auto kind = topic.substr(root.size() + 32 + 6);
  heard_[device].push_back({kind, payload});
  if (kind == "welcome") welcomed_.insert(device);
  if (kind == "receipt") {
    receipts.insert(device);
    if (receipt_heard) receipt_heard(device);
  }
  if (kind == "reject") {
    v1::Reject reject;
    reject.ParseFromString(payload);
    rejects_[device].push_back(reject);
  }
}

bool SiteWorld::until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    io.run_one_for(std::chrono::milliseconds(5));
    io.restart();
  }
  return true;
}

void SiteWorld::settle() {
  for (int i = 0; i < 3; ++i) {
    bool done = false;
    site->writer().commit([](engine::Store&) {}, [&] { done = true; });
    until([&] { return done; });
  }
}

void SiteWorld::say(const FleetDevice& device, wire::UpKind kind, const std::string& payload) {
  site->message(wire::up_topic(device.id, kind), payload, false);
}

void SiteWorld::hello(const FleetDevice& device) {
  v1::Hello hello;
  *hello.mutable_key() = device.certified;
  hello.set_protocol_version(1);
  say(device, wire::UpKind::hello, hello.SerializeAsString());
}

void SiteWorld::join_all() {
  for (const auto& device : fleet.devices) hello(device);
  until([&] { return welcomed_.size() == fleet.devices.size(); });
  skipped += engine::RosterBoard::quiet;
  until([&] { return site->roster() != nullptr && site->roster()->hash == fleet.roster_hash(); });
}

std::string SiteWorld::offer_topic() const {
  return wire::offer_topic(numbered<TaskId>(0xC0));
}

void SiteWorld::open(const v1::RoundContext& context) {
  v1::Work work = standing;
  *work.add_rounds() = fleet.offer(context);
  *work.add_helper_keys() = fleet.helper_key();
  for (auto& round : site->take(work)) {
    site->open(std::move(round), std::make_shared<const std::string>(fleet.model()));
  }
  settle();
}

void SiteWorld::upload(const FleetDevice& device) {
  v1::Offer offer;
  offer.ParseFromString(retained(offer_topic()));
  const auto& keys = retained(std::string(wire::site_keys_topic));
  const auto frames = fleet.frames(device, offer.context(), keys);
  upload(device, wire::ctx_hash(offer.context()), frames,
         fleet.header(device, offer.context(), keys).SerializeAsString());
}

void SiteWorld::upload_or_break(const FleetDevice& device) {
  if (broken.empty() && !retained(offer_topic()).empty()) upload(device);
}

void SiteWorld::upload(const FleetDevice& device, const Hash& ctx_hash,
                       const std::vector<std::string>& frames, const std::string& header) {
  v1::UploadRequest request;
  request.set_ctx_hash(ctx_hash.raw());
  request.set_nonce(device.nonce.raw());
  request.set_total(static_cast<std::uint32_t>(frames.size()));
  auto& heard = heard_[device.id];
  heard.clear();
  say(device, wire::UpKind::request, request.SerializeAsString());
  while (!receipts.contains(device.id) &&
         until([&] { return !heard.empty() || !broken.empty(); })) {
    if (heard.empty()) return;
    const Heard answer = heard.front();
    heard.pop_front();
    if (answer.kind == "reject") return;
    if (answer.kind != "credit") continue;
    v1::Credit credit;
    credit.ParseFromString(answer.payload);
    for (const auto& range : credit.ranges()) {
      for (std::uint32_t i = 0; i < range.count(); ++i) {
        say(device, wire::UpKind::chunk, frames[range.first() + i]);
      }
    }
    if (credit.ranges().empty()) {
      say(device, wire::UpKind::header, header);
    } else {
      say(device, wire::UpKind::request, request.SerializeAsString());
    }
  }
}

std::size_t SiteWorld::retained_below(const std::string& prefix) const {
  return static_cast<std::size_t>(std::ranges::count_if(retained_, [&](const auto& topic) {
    return topic.first.starts_with(prefix) && !topic.second.empty();
  }));
}

std::map<std::string, std::string> SiteWorld::outbox() {
  std::map<std::string, std::string> messages;
  bool done = false;
  site->writer().commit(
      [&](engine::Store& store) {
        for (const auto& message : store.outbox().due(wall + std::chrono::hours(1), 100)) {
          messages[message.key] = text_of(message.content);
        }
      },
      [&] { done = true; });
  until([&] { return done; });
  return messages;
}

v1::GatewaySum SiteWorld::sum() {
  v1::GatewaySum sum;
  until([&] {
    for (const auto& [key, content] : outbox()) {
      if (key.starts_with("sum/")) return sum.ParseFromString(content);
    }
    return false;
  });
  return sum;
}

std::vector<v1::Reject> SiteWorld::rejects(const FleetDevice& device) const {
  const auto found = rejects_.find(device.id);
  return found == rejects_.end() ? std::vector<v1::Reject>{} : found->second;
}

bool SiteWorld::rejected(const FleetDevice& device, v1::RejectReason reason) const {
  for (const auto& reject : rejects(device)) {
    if (reject.reason() == reason) return true;
  }
  return false;
}

}  // namespace tributary::gateway::test
