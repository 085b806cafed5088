#include "gateway/engine/store.hpp"

#include "gateway/engine/columns.hpp"
#include "storage/schema/gateway/schema.hpp"
#include "storage/schema/outbox/schema.hpp"

namespace tributary::gateway::engine {
namespace {

// A list of values of one size as one string of bytes.
template <class Value>
std::vector<std::uint8_t> joined(std::span<const Value> values) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(values.size() * Value::size);
  for (const auto& value : values) {
    bytes.insert(bytes.end(), value.bytes.begin(), value.bytes.end());
  }
  return bytes;
}

template <class Value>
std::vector<Value> separated(storage::Blob bytes, std::string_view what) {
  if (bytes.size() % Value::size != 0) damaged(what);
  std::vector<Value> values;
  values.reserve(bytes.size() / Value::size);
  for (std::size_t at = 0; at < bytes.size(); at += Value::size) {
    values.push_back(fixed<Value>(bytes.subspan(at, Value::size), what));
  }
  return values;
}

}  // namespace

Store::Store(const std::filesystem::path& folder, std::chrono::sys_seconds now)
    : database_(folder / "gateway.db", {schema::gateway, schema::outbox}, now),
      outbox_(database_),
      groups_(database_),
      reveals_(database_) {}

void Store::begin_anew(std::chrono::sys_seconds now) {
  database_.begin_anew({schema::gateway, schema::outbox}, now);
}

std::vector<StoredDevice> Store::devices() {
  auto rows = database_.prepare("SELECT device, certified_key FROM device ORDER BY device");
  rows.bind();
  std::vector<StoredDevice> devices;
  while (rows.step())
    devices.push_back({fixed<DeviceId>(rows.blob(0), "device"), text(rows.blob(1))});
  return devices;
}

void Store::put_device(const StoredDevice& device) {
  database_.run("INSERT OR REPLACE INTO device (device, certified_key) VALUES (?, ?)",
                device.device.bytes, view_of(device.certified_key));
}

void Store::forget_device(const DeviceId& device) {
  database_.run("DELETE FROM device WHERE device = ?", device.bytes);
}

std::vector<StoredSteering> Store::steering() {
  auto rows = database_.prepare("SELECT subject, content FROM steering ORDER BY subject");
  rows.bind();
  std::vector<StoredSteering> documents;
  while (rows.step()) documents.push_back({text(rows.blob(0)), text(rows.blob(1))});
  return documents;
}

void Store::put_steering(const StoredSteering& document) {
  database_.run("INSERT OR REPLACE INTO steering (subject, content) VALUES (?, ?)",
                view_of(document.subject), view_of(document.content));
}

std::vector<StoredEpochKey> Store::epoch_keys() {
  auto rows = database_.prepare(
      "SELECT epoch, secret, signed_key, not_after FROM epoch_key ORDER BY epoch");
  rows.bind();
  std::vector<StoredEpochKey> keys;
  while (rows.step()) {
    keys.push_back({static_cast<std::uint32_t>(rows.integer(0)),
                    fixed<crypto::ExchangeSecret>(rows.blob(1), "epoch secret"), text(rows.blob(2)),
                    static_cast<std::uint64_t>(rows.integer(3))});
  }
  return keys;
}

void Store::put_epoch_key(const StoredEpochKey& key) {
  database_.run("INSERT INTO epoch_key (epoch, secret, signed_key, not_after) VALUES (?, ?, ?, ?)",
                key.epoch, storage::Blob(key.secret.expose()), view_of(key.signed_key),
                key.not_after);
}

void Store::forget_epoch_keys_before(std::uint64_t unix_seconds) {
  database_.run(
      "DELETE FROM epoch_key WHERE not_after < ? AND epoch < (SELECT max(epoch) FROM epoch_key)",
      unix_seconds);
}

void Store::end_epochs(std::int64_t skipped) {
  database_.run("DELETE FROM epoch_key WHERE epoch < (SELECT max(epoch) FROM epoch_key)");
  database_.run("UPDATE epoch_key SET epoch = epoch + ?, not_after = 0", skipped);
}

void Store::put_roster(const Hash& hash, std::string_view content) {
  database_.run("DELETE FROM roster WHERE hash = ?", hash.bytes);
  database_.run("INSERT INTO roster (hash, content) VALUES (?, ?)", hash.bytes, view_of(content));
  database_.run(
      "DELETE FROM roster WHERE sequence NOT IN "
      "(SELECT sequence FROM roster ORDER BY sequence DESC LIMIT ?) "
      "AND hash NOT IN (SELECT roster FROM round WHERE closed = 0) "
      "AND hash NOT IN (SELECT roster FROM pairwise_group)",
      rosters_kept);
}

std::optional<std::string> Store::roster(const Hash& hash) {
  auto rows = database_.prepare("SELECT content FROM roster WHERE hash = ?");
  rows.bind(hash.bytes);
  if (!rows.step()) return std::nullopt;
  return text(rows.blob(0));
}

std::vector<StoredRound> Store::open_rounds() {
  auto rows = database_.prepare(
      "SELECT ctx_hash, context, signature, roster, model, survivors, submitted FROM round "
      "WHERE closed = 0 ORDER BY sequence");
  rows.bind();
  std::vector<StoredRound> rounds;
  while (rows.step()) {
    StoredRound round{fixed<Hash>(rows.blob(0), "ctx_hash"),
                      text(rows.blob(1)),
                      text(rows.blob(2)),
                      fixed<Hash>(rows.blob(3), "roster"),
                      fixed<Hash>(rows.blob(4), "model"),
                      std::nullopt,
                      rows.integer(6) != 0};
    if (!rows.null(5)) round.survivors = separated<DeviceId>(rows.blob(5), "survivors");
    rounds.push_back(std::move(round));
  }
  return rounds;
}

std::vector<Hash> Store::closed_rounds() {
  auto rows = database_.prepare("SELECT ctx_hash FROM round WHERE closed = 1 ORDER BY sequence");
  rows.bind();
  std::vector<Hash> rounds;
  while (rows.step()) rounds.push_back(fixed<Hash>(rows.blob(0), "ctx_hash"));
  return rounds;
}

void Store::open_round(const StoredRound& round, std::string_view model) {
  database_.run("INSERT OR IGNORE INTO model (hash, content) VALUES (?, ?)", round.model.bytes,
                view_of(model));
  database_.run(
      "INSERT INTO round (ctx_hash, context, signature, roster, model) VALUES (?, ?, ?, ?, ?)",
      round.ctx_hash.bytes, view_of(round.context), view_of(round.signature), round.roster.bytes,
      round.model.bytes);
}

std::string Store::model(const Hash& hash) {
  auto rows = database_.prepare("SELECT content FROM model WHERE hash = ?");
  rows.bind(hash.bytes);
  if (!rows.step()) damaged("model");
  return text(rows.blob(0));
}

std::string Store::helper_keys() {
  auto rows = database_.prepare("SELECT content FROM helper_keys");
  rows.bind();
  return rows.step() ? text(rows.blob(0)) : std::string();
}

void Store::put_helper_keys(std::string_view site_keys) {
  database_.run("INSERT OR REPLACE INTO helper_keys (one, content) VALUES (1, ?)",
                view_of(site_keys));
}

void Store::fix_survivors(const Hash& ctx_hash, std::span<const DeviceId> survivors) {
  database_.run("UPDATE round SET survivors = ?, submitted = 0 WHERE ctx_hash = ?",
                joined(survivors), ctx_hash.bytes);
}

void Store::mark_submitted(const Hash& ctx_hash) {
  database_.run("UPDATE round SET submitted = 1 WHERE ctx_hash = ?", ctx_hash.bytes);
}

void Store::close_round(const Hash& ctx_hash) {
  database_.run("DELETE FROM contribution WHERE ctx_hash = ?", ctx_hash.bytes);
  reveals_.forget(ctx_hash);
  database_.run("UPDATE round SET closed = 1, survivors = NULL WHERE ctx_hash = ?", ctx_hash.bytes);
  database_.run("DELETE FROM model WHERE hash NOT IN (SELECT model FROM round WHERE closed = 0)");
  database_.run(
      "DELETE FROM round WHERE closed = 1 AND sequence NOT IN "
      "(SELECT sequence FROM round ORDER BY sequence DESC LIMIT ?)",
      rounds_kept);
}

std::vector<round::Contribution> Store::contributions(const Hash& ctx_hash) {
  auto rows = database_.prepare(
      "SELECT device, nonce, digest, tickets FROM contribution WHERE ctx_hash = ? ORDER BY device");
  rows.bind(ctx_hash.bytes);
  std::vector<round::Contribution> contributions;
  while (rows.step()) {
    contributions.push_back(
        {fixed<DeviceId>(rows.blob(0), "device"), fixed<Nonce>(rows.blob(1), "nonce"),
         fixed<Hash>(rows.blob(2), "digest"), separated<Ticket>(rows.blob(3), "tickets")});
  }
  return contributions;
}

void Store::put_contribution(const Hash& ctx_hash, const round::Contribution& contribution) {
  database_.run(
      "INSERT INTO contribution (ctx_hash, device, nonce, digest, tickets) VALUES (?, ?, ?, ?, ?)",
      ctx_hash.bytes, contribution.device.bytes, contribution.nonce.bytes,
      contribution.digest.bytes, joined(std::span<const Ticket>(contribution.tickets)));
}

void Store::forget_contribution(const Hash& ctx_hash, const DeviceId& device) {
  database_.run("DELETE FROM contribution WHERE ctx_hash = ? AND device = ?", ctx_hash.bytes,
                device.bytes);
}

}  // namespace tributary::gateway::engine
