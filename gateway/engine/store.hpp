// gateway.db: devices, own epoch keys, rosters, rounds, contributions and the outbox.
#pragma once

#include <filesystem>

#include "crypto/secret.hpp"
#include "gateway/engine/group_rows.hpp"
#include "gateway/engine/reveal_rows.hpp"
#include "gateway/round/contribution.hpp"
#include "storage/database.hpp"
#include "storage/outbox.hpp"

namespace tributary::gateway::engine {

struct StoredEpochKey {
  std::uint32_t epoch;
  crypto::ExchangeSecret secret;
  std::string signed_key;  // serialized Signed EpochKey
  std::uint64_t not_after;
};

struct StoredRound {
  Hash ctx_hash;
  std::string context;
  std::string signature;
  Hash roster;
  Hash model;
  std::optional<std::vector<DeviceId>> survivors;
  bool submitted;
};

struct StoredDevice {
  DeviceId device;
  std::string certified_key;  // serialized CertifiedKey
};

// A document of gateway/steering.
struct StoredSteering {
  std::string subject;  // "device/<hex id>" or "group/<name>"
  std::string content;
};

// Owned by one thread: the one that opens it, until the writer takes it over. Everything throws
// storage::Failure. Changes become durable with the writer's transaction, or at once outside one.
class Store {
 public:
  static constexpr int rosters_kept = 16;
  static constexpr int rounds_kept = 256;

  Store(const std::filesystem::path& folder, std::chrono::sys_seconds now);

  // Sets a database aside whose values make no sense; an empty one takes its place.
  void begin_anew(std::chrono::sys_seconds now);

  storage::Database& database() { return database_; }
  storage::Outbox& outbox() { return outbox_; }
  GroupRows& groups() { return groups_; }
  RevealRows& reveals() { return reveals_; }

  std::vector<StoredDevice> devices();
  void put_device(const StoredDevice& device);
  void forget_device(const DeviceId& device);

  std::vector<StoredEpochKey> epoch_keys();  // ascending
  void put_epoch_key(const StoredEpochKey& key);
  void forget_epoch_keys_before(std::uint64_t unix_seconds);  // never the newest

  // All of them are over, and numbers go on `skipped` above the newest.
  void end_epochs(std::int64_t skipped);

  // The oldest beyond rosters_kept are forgotten, unless an open round or a group needs them.
  void put_roster(const Hash& hash, std::string_view content);
  std::optional<std::string> roster(const Hash& hash);

  std::vector<StoredSteering> steering();
  void put_steering(const StoredSteering& document);

  std::string helper_keys();  // serialized SiteKeys, empty at first
  void put_helper_keys(std::string_view site_keys);

  std::vector<StoredRound> open_rounds();
  std::vector<Hash> closed_rounds();
  void open_round(const StoredRound& round, std::string_view model);
  std::string model(const Hash& hash);  // of an open round
  void fix_survivors(const Hash& ctx_hash, std::span<const DeviceId> survivors);
  void mark_submitted(const Hash& ctx_hash);
  // Forgets contributions, survivors and, unless another round needs it, the model; the row stays.
  void close_round(const Hash& ctx_hash);

  std::vector<round::Contribution> contributions(const Hash& ctx_hash);
  void put_contribution(const Hash& ctx_hash, const round::Contribution& contribution);
  void forget_contribution(const Hash& ctx_hash, const DeviceId& device);

 private:
  storage::Database database_;
  storage::Outbox outbox_;
  GroupRows groups_;
  RevealRows reveals_;
};

}  // namespace tributary::gateway::engine
