#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "crypto/keys.hpp"
#include "device-protocol/cpp/context.hpp"
#include "gateway/engine/chunk_journal.hpp"
#include "gateway/engine/store.hpp"
#include "tests/bench/pending_rows.hpp"
#include "uplink.pb.h"

namespace tributary::bench {
namespace {

namespace fs = std::filesystem;
using gateway::engine::Store;

constexpr std::uint32_t parameters = 2393;  // with three words and four canaries 20 chunks
constexpr std::uint32_t chunk_bytes = 480;
constexpr std::uint64_t chunks_of_update = 20;
constexpr std::uint64_t batch = 1000;

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path.string() + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class Value>
Value hex_of(const fs::path& path) {
  auto text = bytes_of(path);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  auto value = Value::from(ByteView(from_hex(text).value()));
  return std::move(value.value());
}

std::chrono::sys_seconds now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}
std::uint64_t unix_seconds() {
  return static_cast<std::uint64_t>(now().time_since_epoch().count());
}

struct Device {
  DeviceId id;
  v1::CertifiedKey key;
};

// As they would have joined: their certificates, and an epoch key that nobody verifies again.
std::vector<Device> devices_in(const fs::path& folder, std::uint64_t most) {
  std::vector<Device> devices;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto id = DeviceId::from_hex(entry.path().stem().string());
    if (!id || devices.size() == most) continue;
    v1::EpochKey epoch;
    epoch.set_subject_id(id->raw());
    epoch.set_role(v1::ROLE_DEVICE);
    epoch.set_epoch(1);
    epoch.set_public_key(crypto::exchange_key(crypto::ExchangeSecret::random()).raw());
    epoch.set_not_after(unix_seconds() + 86'400);
    Device device{*id, {}};
    device.key.mutable_certificate()->ParseFromString(bytes_of(entry.path()));
    device.key.mutable_epoch_key()->set_body(epoch.SerializeAsString());
    device.key.mutable_epoch_key()->set_signature(std::string(64, 's'));
    devices.push_back(std::move(device));
  }
  if (devices.size() < most) throw std::runtime_error("too few devices in " + folder.string());
  std::ranges::sort(devices, {}, &Device::id);
  return devices;
}

std::string context_for(const std::string& tenant, const GatewayId& gateway, const Hash& roster,
                        const std::string& model) {
  v1::RoundContext context;
  context.set_minimum_reader_version(3);
  context.set_tenant(tenant);
  context.set_task_id(std::string(16, 't'));
  context.set_gateway_id(gateway.raw());
  context.set_mode(v1::TRUST_MODE_TRUSTED_GATEWAY);
  context.set_scope(v1::SCOPE_GATEWAY);
  context.set_round(1);
  context.set_model("synthetic:" + std::to_string(parameters));
  context.set_parameters(parameters);
  context.set_model_hash(crypto::hash("model", {view_of(model)}).raw());
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
  context.set_roster_hash(roster.raw());
  context.set_participation_threshold(0xffffffff);
  context.set_n_min(2);
  context.set_n_target(5000);
  context.set_n_max(5000);
  context.set_not_before(unix_seconds() - 10);
  context.set_deadline(unix_seconds() + 86'400);
  context.set_combiner_key(crypto::exchange_key(crypto::ExchangeSecret::random()).raw());
  context.set_chunk_bytes(chunk_bytes);
  auto bytes = context.SerializeAsString();
  const auto parsed = wire::parse_context(bytes);
  if (const auto* fault = std::get_if<std::string>(&parsed)) throw std::runtime_error(*fault);
  return bytes;
}

std::string roster_of(const GatewayId& gateway, const std::vector<Device>& devices) {
  v1::Roster roster;
  roster.set_gateway_id(gateway.raw());
  for (const auto& device : devices) *roster.add_devices() = device.key;
  return roster.SerializeAsString();
}

Nonce nonce_of(const Device& device) {
  return *Nonce::from(device.id.view());
}

// Each device's chunks in turns, as they arrive when all upload at once; returns how many were appended.
std::uint64_t fill_journal(const fs::path& path, const std::vector<Device>& devices,
                           std::uint64_t rows) {
  gateway::engine::ChunkJournal journal(path);
  journal.recover();
  const Bytes words(chunk_bytes, 7);
  std::uint64_t appended = 0;
  for (std::uint32_t index = 0; index < chunks_of_update; ++index) {
    for (const auto& device : devices) {
      if (appended == rows) break;
      journal.append({device.id, nonce_of(device), index, {}}, words);
      ++appended;
    }
  }
  journal.sync();
  return appended;
}

}  // namespace

Filled fill_gateway(const fs::path& state, const fs::path& credentials,
                    const fs::path& coordinator_key, std::uint64_t rows) {
  fs::create_directories(state / "journal");
  const auto gateway = hex_of<GatewayId>(credentials / "gateway.id");
  const auto coordinator = hex_of<crypto::SigningKey>(coordinator_key);
  v1::Signed certificate;
  v1::Certificate body;
  certificate.ParseFromString(bytes_of(credentials / "gateway.cert"));
  body.ParseFromString(certificate.body());
  const auto devices =
      devices_in(credentials / "devices", std::min<std::uint64_t>(rows / chunks_of_update, 5000));
  const auto roster = roster_of(gateway, devices);
  const auto roster_hash = crypto::hash("roster", {view_of(roster)});
  const std::string model(std::size_t{parameters} * 4, '\0');
  const auto context = context_for(body.tenant(), gateway, roster_hash, model);
  const auto ctx_hash = wire::ctx_hash(context);
  Store store(state, now());
  Filled filled;
  store.database().transaction([&] {
    for (const auto& device : devices) {
      store.put_device({device.id, device.key.SerializeAsString()});
    }
    store.put_roster(roster_hash, roster);
    store.open_round({ctx_hash, context, crypto::sign(coordinator, "ctx", ctx_hash).raw(),
                      roster_hash, crypto::hash("model", {view_of(model)}), std::nullopt, false},
                     model);
    for (std::size_t i = 0; i < devices.size() * 9 / 10; ++i) {
      store.put_contribution(ctx_hash, {devices[i].id, nonce_of(devices[i]), Hash{}, {}});
      ++filled.contributions;
    }
  });
  filled.chunks = fill_journal(state / "journal" / ctx_hash.hex(), devices, rows);
  const Bytes content(1000, 'x');
  while (filled.messages < rows) {
    store.database().transaction([&] {
      for (std::uint64_t i = 0; i < batch && filled.messages < rows; ++i, ++filled.messages) {
        const auto number = std::to_string(filled.messages);
        store.outbox().put("sum/" + number, "/v1/rounds/" + number + "/sum", content, now());
      }
    });
  }
  filled.bytes = fs::file_size(state / "gateway.db") + fs::file_size(state / "gateway.db-wal") +
                 fs::file_size(state / "journal" / ctx_hash.hex());
  return filled;
}

}  // namespace tributary::bench
