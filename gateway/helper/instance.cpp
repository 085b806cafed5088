#include "gateway/helper/instance.hpp"

namespace tributary::gateway::helper {
namespace {

struct Row {
  InstanceId instance;
  Hash marker;
  std::uint64_t generation;
};

std::optional<Row> read_row(storage::Database& database) {
  auto query = database.prepare("SELECT instance, marker, generation FROM instance");
  if (!query.step()) return std::nullopt;
  return Row{*InstanceId::from(query.blob(0)), *Hash::from(query.blob(1)),
             static_cast<std::uint64_t>(query.integer(2))};
}

void write_row(storage::Database& database, const Row& row) {
  database.run(
      "INSERT OR REPLACE INTO instance (one, instance, marker, generation) VALUES (1, ?1, ?2, ?3)",
      row.instance.view(), row.marker.view(), row.generation);
}

std::uint32_t newest_epoch(storage::Database& database) {
  auto query = database.prepare("SELECT coalesce(max(epoch), 0) FROM epoch");
  query.step();
  return static_cast<std::uint32_t>(query.integer(0));
}

void write_epoch(storage::Database& database, const EpochSecret& epoch, std::string_view signed_key,
                 UnixTime not_after, std::string_view reason) {
  database.run(
      "INSERT INTO epoch (epoch, secret, signed_key, not_after, reason) VALUES (?1, ?2, ?3, ?4, "
      "?5)",
      epoch.epoch, epoch.secret.expose(), view_of(signed_key), not_after.time_since_epoch().count(),
      reason);
}

}  // namespace

Instance::Instance(storage::Database& database, Marker marker, const Signer& signer,
                   std::chrono::seconds epoch_lifetime, UnixTime now)
    : database_(database),
      marker_(std::move(marker)),
      signer_(signer),
      epoch_lifetime_(epoch_lifetime) {
  // An ended epoch's secret must not survive in free pages.
  database_.run("PRAGMA secure_delete = ON");
  const auto reason = mistrust();
  if (!reason.empty()) {
    begin_epoch(reason, now);
    return;
  }
  marked_ = *marker_.read();
  load_epoch();
  end_promise();
  if (now >= epoch_ends_) begin_epoch("the epoch key expired", now);
}

std::string Instance::mistrust() const {
  const auto row = read_row(database_);
  const auto marker = marker_.read();
  if (!row) return marker ? "helper.db is empty but has a marker: it was lost" : "first start";
  if (!marker) return "helper.marker is missing or damaged";
  if (marker->instance != row->instance) return "helper.marker belongs to another helper.db";
  if (marker_.identity() != row->marker) return "helper.marker was copied or restored";
  if (row->generation < marker->generation)
    return "helper.db is older than its marker: restored from a backup";
  if (row->generation > marker->generation + 1) return "helper.marker is older than its helper.db";
  return {};
}

void Instance::load_epoch() {
  auto query = database_.prepare(
      "SELECT epoch, secret, signed_key, not_after FROM epoch WHERE secret IS NOT NULL ORDER BY "
      "epoch DESC LIMIT 1");
  query.step();
  auto secret = *crypto::ExchangeSecret::from(query.blob(1));
  const auto key = crypto::exchange_key(secret);
  epoch_ = EpochSecret{static_cast<std::uint32_t>(query.integer(0)), std::move(secret), key};
  signed_key_ = std::string{text_of(query.blob(2))};
  epoch_ends_ = unix_time(static_cast<std::uint64_t>(query.integer(3)));
}

// The marker first: a crash before the commit leaves a marker that does not fit, and the next start
// begins yet another epoch. Nobody has seen this one.
void Instance::begin_epoch(std::string_view reason, UnixTime now) {
  const auto old_marker = marker_.read();
  const auto old_row = read_row(database_);
  const auto number = std::max(newest_epoch(database_), old_marker ? old_marker->epoch : 0) + 1;
  const auto instance = *InstanceId::from(ByteView{crypto::PairKey::random().expose()}.first(16));
  const MarkerState state{instance, old_row ? old_row->generation : 0, number};
  marker_.create(state);

  auto secret = crypto::ExchangeSecret::random();
  const auto key = crypto::exchange_key(secret);
  EpochSecret epoch{number, std::move(secret), key};
  const auto ends = now + epoch_lifetime_;
  auto signed_key = epoch_key(signer_, number, key, ends);

  database_.transaction([&] {
    database_.run("UPDATE epoch SET secret = NULL");
    write_epoch(database_, epoch, signed_key, ends, reason);
    write_row(database_, {instance, marker_.identity(), state.generation});
  });
  // Nor in the write-ahead log.
  database_.run("PRAGMA wal_checkpoint(TRUNCATE)");

  marked_ = state;
  epoch_ = std::move(epoch);
  signed_key_ = std::move(signed_key);
  epoch_ends_ = ends;
  reason_ = reason;
}

void Instance::rotate(UnixTime now, std::string_view reason) {
  begin_epoch(reason, now);
}

void Instance::count_promise() {
  database_.run("UPDATE instance SET generation = generation + 1");
}

void Instance::end_promise() {
  const auto generation = read_row(database_)->generation;
  if (generation == marked_.generation) return;
  auto next = marked_;
  next.generation = generation;
  marker_.write(next);
  marked_ = next;
}

}  // namespace tributary::gateway::helper
