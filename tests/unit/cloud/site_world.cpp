#include "tests/unit/cloud/site_world.hpp"

#include <doctest/doctest.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <fstream>

#include "crypto/upload.hpp"

namespace tributary::tests {
namespace {

constexpr const char* tenant = "test";
constexpr std::uint64_t far = 4'000'000'000;

template <class Value>
Value filled(std::uint8_t number) {
  Value value;
  value.bytes.fill(number);
  return value;
}

v1::Signed signed_message(const crypto::SigningKey& key, std::string_view label, std::string body) {
  v1::Signed message;
  message.set_signature(crypto::sign(key, label, crypto::hash(label, {view_of(body)})).raw());
  message.set_body(std::move(body));
  return message;
}

Hash sha256(std::string_view bytes) {
  Hash hash;
  SHA256(view_of(bytes).data(), bytes.size(), hash.bytes.data());
  return hash;
}

// Words of one device: model words 100 * place, weight 1, loss and accuracy half.
std::vector<std::int64_t> words_of(const crypto::EncodingPlan& plan, std::size_t place) {
  std::vector<std::int64_t> words(plan.words(), 0);
  for (std::uint32_t j = 0; j < plan.parameters; ++j) {
    words[j] = static_cast<std::int64_t>(100 * (place + 1) + j);
  }
  const auto weight = std::int64_t{1} << plan.weight_scale_log2;
  words[plan.parameters] = weight;
  words[plan.parameters + 1] = weight / 2;
  words[plan.parameters + 2] = weight / 2;
  return words;
}

Bytes ring_bytes(const crypto::EncodingPlan& plan, const std::vector<std::int64_t>& words) {
  Bytes bytes;
  for (const auto word : words) {
    for (std::size_t i = 0; i < crypto::word_bytes(plan.bits); ++i) {
      bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(word) >> (8 * i)));
    }
  }
  return bytes;
}

}  // namespace

Folder::Folder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "tributary-cloud-XXXXXX").string();
  REQUIRE(mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}
Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

SiteWorld::SiteWorld(std::size_t count, std::size_t devices) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::uint8_t>(i + 1);
    SiteGateway gateway{filled<GatewayId>(number),
                        filled<HelperId>(static_cast<std::uint8_t>(100 + i)),
                        "plant-" + std::to_string(number),
                        crypto::SigningKey::random(),
                        crypto::SigningKey::random(),
                        crypto::ExchangeSecret::random(),
                        {}};
    for (std::size_t d = 0; d < devices; ++d) {
      auto device = filled<DeviceId>(number);
      device.bytes[15] = static_cast<std::uint8_t>(d);
      gateway.devices.push_back(device);
    }
    gateways.push_back(std::move(gateway));
  }
  restart();
}

void SiteWorld::restart() {
  jobs.clear();
  coordinator_.reset();
  cloud::engine::Identity identity{{crypto::verify_key(authority_), tenant},
                                   own_.clone(),
                                   crypto::verify_key(own_),
                                   combiner_.clone(),
                                   crypto::exchange_key(combiner_)};
  cloud::engine::World world;
  world.now = [this] { return now; };
  world.new_task_id = [this] { return filled<TaskId>(++tasks_); };
  world.draw_beacon = [this] { return filled<Hash>(++beacons_); };
  world.submit = [this](std::function<void()> work, std::function<void()> then) {
    jobs.emplace_back(std::move(work), std::move(then));
    if (run_jobs_at_once && coordinator_) run_jobs();
  };
  world.say = [this](cloud::engine::Severity, std::string_view event, service::log::Fields) {
    said.emplace_back(event);
  };
  coordinator_ = std::make_unique<Coordinator>(folder_.path(), std::move(identity),
                                               std::move(world), observer_, "life");
  if (run_jobs_at_once) run_jobs();
}

HelperId SiteWorld::help_itself() {
  const auto id = filled<HelperId>(77);
  const auto folder = folder_.path() / "credentials";
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
    std::filesystem::permissions(
        folder / name, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  };
  const auto key = certified(id.bytes, v1::ROLE_HELPER, "cloud", own_helper_, epoch_);
  write("helper.id", id.hex() + "\n");
  write("helper.key", to_hex(own_helper_.expose()) + "\n");
  write("helper.cert", key.certificate().SerializeAsString());
  coordinator_->help({folder, folder_.path() / "helper", 2});
  return id;
}

void SiteWorld::run_jobs() {
  while (!jobs.empty()) {
    auto job = std::move(jobs.front());
    jobs.pop_front();
    job.first();
    job.second();
  }
}

void SiteWorld::pass(std::chrono::milliseconds time) {
  now += time;
  coordinator_->tick();
}

v1::CertifiedKey SiteWorld::certified(const std::array<std::uint8_t, 16>& id, v1::Role role,
                                      const std::string& operated_by, const crypto::SigningKey& key,
                                      const crypto::ExchangeSecret& epoch) const {
  const std::string subject(id.begin(), id.end());
  v1::Certificate certificate;
  certificate.set_tenant(tenant);
  certificate.set_subject_id(subject);
  certificate.set_role(role);
  certificate.set_public_key(crypto::verify_key(key).raw());
  certificate.set_operator_(operated_by);
  certificate.set_not_after(far);
  v1::EpochKey announced;
  announced.set_subject_id(subject);
  announced.set_role(role);
  announced.set_epoch(1);
  announced.set_public_key(crypto::exchange_key(epoch).raw());
  announced.set_not_after(far);
  v1::CertifiedKey message;
  *message.mutable_certificate() =
      signed_message(authority_, "cert", certificate.SerializeAsString());
  *message.mutable_epoch_key() = signed_message(key, "epoch-key", announced.SerializeAsString());
  return message;
}

std::string SiteWorld::keys_of(const SiteGateway& gateway, bool with_helper) const {
  v1::GatewayKeys keys;
  *keys.mutable_gateway() =
      certified(gateway.id.bytes, v1::ROLE_GATEWAY, gateway.operated_by, gateway.identity, epoch_);
  if (with_helper) {
    *keys.mutable_helper() = certified(gateway.helper.bytes, v1::ROLE_HELPER, gateway.operated_by,
                                       gateway.helper_identity, gateway.helper_epoch);
  }
  keys.set_version("1.0");
  keys.set_name("site-" + std::to_string(gateway.id.bytes[0]));
  return keys.SerializeAsString();
}

std::string SiteWorld::roster_of(const SiteGateway& gateway) const {
  v1::Roster roster;
  roster.set_gateway_id(gateway.id.raw());
  for (const auto& device : gateway.devices) {
    v1::Certificate certificate;
    certificate.set_subject_id(device.raw());
    certificate.set_role(v1::ROLE_DEVICE);
    certificate.set_gateway_id(gateway.id.raw());
    *roster.add_devices()->mutable_certificate() =
        signed_message(authority_, "cert", certificate.SerializeAsString());
  }
  return roster.SerializeAsString();
}

void SiteWorld::join(const SiteGateway& gateway) {
  REQUIRE(coordinator_->fleet.put_keys(gateway.id, keys_of(gateway)).index() == 0);
  REQUIRE(coordinator_->fleet.put_roster(gateway.id, roster_of(gateway)).index() == 0);
}

void SiteWorld::join_all() {
  for (const auto& gateway : gateways) join(gateway);
}

Hash SiteWorld::import_model(std::uint32_t parameters, float value) {
  const std::vector<float> floats(parameters, value);
  const auto bytes = std::as_bytes(std::span(floats));
  const ByteView view{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  cloud::store::ModelRow row;
  row.hash = cloud::round::model_hash(view);
  row.name = "initial";
  row.architecture = "mlp:1-1";
  row.parameters = parameters;
  row.created_at = now;
  coordinator_->store.models.put(row, view);
  return row.hash;
}

std::string SiteWorld::spec(const Hash& model, const std::string& more) const {
  std::string list;
  for (const auto& gateway : gateways) {
    list += (list.empty() ? "\"" : ", \"") + gateway.id.hex() + '"';
  }
  return R"({"name": "t", "model": "mlp:1-1", "initial_model": ")" + model.hex() +
         R"(", "gateways": [)" + list + R"(], "n_min": 2, "rounds": 3)" +
         (more.empty() ? "" : ", " + more) + "}";
}

TaskId SiteWorld::start_task(const std::string& more, std::uint32_t parameters) {
  join_all();
  const auto created = coordinator_->board.create(spec(import_model(parameters), more));
  REQUIRE(std::holds_alternative<TaskId>(created));
  pass(std::chrono::seconds{3});
  const auto task = std::get<TaskId>(created);
  REQUIRE(coordinator_->rounds.open_round(task) != nullptr);
  return task;
}

const cloud::engine::RoundRun& SiteWorld::round(const TaskId& task) {
  const auto* run = coordinator_->rounds.open_round(task);
  REQUIRE(run != nullptr);
  return *run;
}

Hash SiteWorld::ctx_of(const TaskId& task, const SiteGateway& gateway) {
  const auto& run = round(task);
  const auto part = run.part_of(gateway.id);
  REQUIRE(part);
  return run.parts[*part].row.ctx_hash;
}

const SiteGateway& SiteWorld::helper_of(const SiteGateway& gateway) const {
  for (std::size_t i = 0; i < gateways.size(); ++i) {
    if (gateways[i].id == gateway.id) return gateways[(i + 1) % gateways.size()];
  }
  return gateways.front();
}

Contribution SiteWorld::contribute(const TaskId& task, const SiteGateway& gateway,
                                   const std::vector<std::size_t>& survivors, bool garbage) {
  const auto& run = round(task);
  const auto& part = run.parts[*run.part_of(gateway.id)];
  const auto& plan = part.context.encoding;
  const auto& ctx_hash = part.row.ctx_hash;
  Contribution made;
  made.truth.words.assign(plan.words(), 0);
  v1::GatewaySum sum;
  std::vector<crypto::Seed> seeds;
  std::vector<crypto::SurvivorEntry> entries;
  for (const auto place : survivors) {
    made.truth.add({words_of(plan, place), 1});
    seeds.push_back(crypto::Seed::random());
    entries.push_back({gateway.devices[place], filled<Nonce>(1), filled<Hash>(2)});
    auto& survivor = *sum.add_survivors();
    survivor.set_device_id(gateway.devices[place].raw());
    survivor.set_nonce(filled<Nonce>(1).raw());
    survivor.set_digest(filled<Hash>(2).raw());
  }
  made.survivors_hash = crypto::survivors_hash(ctx_hash, entries).value();
  made.masks = crypto::sum_masks(plan.bits, seeds, plan.words());
  auto words = made.truth.words;
  if (garbage) words.back() = 1;
  auto masked = ring_bytes(plan, words);
  const bool helped = !part.context.helpers.empty();
  if (helped) crypto::ring_add(plan.bits, masked, made.masks);
  sum.set_ctx_hash(ctx_hash.raw());
  sum.set_survivors_hash(made.survivors_hash.raw());
  sum.set_words(masked.data(), masked.size());
  if (helped) sum.add_tickets()->set_tickets(std::string(survivors.size() * 16, 't'));
  const auto& key = gateway.identity;
  const auto request = crypto::hash("sum-request", {ctx_hash.view(), made.survivors_hash.view()});
  sum.set_request_signature(crypto::sign(key, "sum-request", request).raw());
  const auto digest = sha256(sum.words());
  const auto said_sum = crypto::hash(
      "sum", {ctx_hash.view(), made.survivors_hash.view(),
              crypto::le32(static_cast<std::uint32_t>(survivors.size())), digest.view()});
  sum.set_signature(crypto::sign(key, "sum", said_sum).raw());
  made.sum = sum.SerializeAsString();

  made.mask_sum = mask_sum_of(helper_of(gateway), {ctx_hash, made.survivors_hash}, made.masks);
  return made;
}

std::string SiteWorld::mask_sum_of(const SiteGateway& helper, const crypto::JointLeaf& about,
                                   ByteView masks) const {
  const auto sealed =
      crypto::seal_to_combiner(helper.helper_epoch, crypto::exchange_key(combiner_),
                               {about.ctx_hash, about.survivors_hash, helper.helper}, masks)
          .value();
  v1::MaskSum mask;
  mask.set_ctx_hash(about.ctx_hash.raw());
  mask.set_survivors_hash(about.survivors_hash.raw());
  mask.set_helper_id(helper.helper.raw());
  mask.set_sealed(sealed.data(), sealed.size());
  const auto said_mask = crypto::hash(
      "mask-sum",
      {about.ctx_hash.view(), about.survivors_hash.view(), helper.helper.view(), ByteView{sealed}});
  mask.set_signature(crypto::sign(helper.helper_identity, "mask-sum", said_mask).raw());
  return mask.SerializeAsString();
}

std::string SiteWorld::joint_mask_sum(const SiteGateway& helper, const Hash& joint,
                                      ByteView masks) const {
  return mask_sum_of(helper, {joint, joint}, masks);
}

std::string SiteWorld::joint_refusal(const SiteGateway& helper, const Hash& joint,
                                     const std::vector<DeviceId>& devices) {
  return refusal_of(helper, {joint, joint}, devices);
}

std::string SiteWorld::joint_void(const SiteGateway& helper, const TaskId& task,
                                  std::uint64_t number, const ScopeId& scope) {
  v1::Void statement;
  statement.mutable_scope()->set_tenant(tenant);
  statement.mutable_scope()->set_task_id(task.raw());
  statement.mutable_scope()->set_round(number);
  statement.mutable_scope()->set_scope_id(scope.raw());
  statement.set_helper_id(helper.helper.raw());
  statement.set_at(1);
  return signed_message(helper.helper_identity, "void", statement.SerializeAsString())
      .SerializeAsString();
}

std::string SiteWorld::refuse(const TaskId& task, const SiteGateway& gateway,
                              const Hash& survivors_hash, const std::vector<DeviceId>& devices) {
  return refusal_of(helper_of(gateway), {ctx_of(task, gateway), survivors_hash}, devices);
}

std::string SiteWorld::refusal_of(const SiteGateway& helper, const crypto::JointLeaf& about,
                                  const std::vector<DeviceId>& devices) {
  v1::MaskRefusal refusal;
  refusal.set_ctx_hash(about.ctx_hash.raw());
  refusal.set_survivors_hash(about.survivors_hash.raw());
  refusal.set_helper_id(helper.helper.raw());
  refusal.set_reason(v1::HELPER_REFUSAL_BAD_TICKET);
  crypto::PartHasher hasher("mask-refusal");
  hasher.part(about.ctx_hash.view());
  hasher.part(about.survivors_hash.view());
  hasher.part(helper.helper.view());
  hasher.part(crypto::le32(v1::HELPER_REFUSAL_BAD_TICKET));
  for (const auto& device : devices) {
    refusal.add_device_ids(device.raw());
    hasher.part(device.view());
  }
  refusal.set_signature(
      crypto::sign(helper.helper_identity, "mask-refusal", hasher.finish()).raw());
  return refusal.SerializeAsString();
}

std::string SiteWorld::abandon_body(const TaskId& task, const SiteGateway& gateway) {
  const auto ctx_hash = ctx_of(task, gateway);
  v1::GatewayAbandon message;
  message.set_ctx_hash(ctx_hash.raw());
  message.set_count(1);
  message.set_reason("1 device came");
  const auto said_abandon = crypto::hash("abandon", {ctx_hash.view(), crypto::le32(1)});
  message.set_signature(crypto::sign(gateway.identity, "abandon", said_abandon).raw());
  return message.SerializeAsString();
}

std::string SiteWorld::void_body(const TaskId& task, std::uint64_t number,
                                 const SiteGateway& gateway) {
  const auto& helper = helper_of(gateway);
  v1::Void statement;
  statement.mutable_scope()->set_tenant(tenant);
  statement.mutable_scope()->set_task_id(task.raw());
  statement.mutable_scope()->set_round(number);
  statement.mutable_scope()->set_gateway_id(gateway.id.raw());
  statement.set_helper_id(helper.helper.raw());
  statement.set_at(1);
  return signed_message(helper.helper_identity, "void", statement.SerializeAsString())
      .SerializeAsString();
}

void SiteWorld::release_round(const TaskId& task) {
  std::vector<std::size_t> all(gateways.front().devices.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  std::vector<std::pair<Hash, Contribution>> made;
  for (const auto& gateway : gateways) {
    made.emplace_back(ctx_of(task, gateway), contribute(task, gateway, all));
  }
  for (std::size_t i = 0; i < gateways.size(); ++i) {
    auto& rounds = coordinator_->rounds;
    const auto& [ctx_hash, contribution] = made[i];
    REQUIRE(rounds.put_sum(gateways[i].id, ctx_hash, contribution.sum).index() == 0);
    REQUIRE(
        rounds.put_mask_sum(helper_of(gateways[i]).id, ctx_hash, contribution.mask_sum).index() ==
        0);
  }
}

}  // namespace tributary::tests
