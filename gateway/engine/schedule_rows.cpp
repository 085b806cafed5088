#include "gateway/engine/schedule_rows.hpp"

#include "gateway/engine/columns.hpp"

namespace tributary::gateway::engine {
namespace {

using scheduling::Time;

constexpr std::size_t decision_bytes = DeviceId::size + 1;

Time time_of(std::int64_t unix_seconds) {
  return Time(scheduling::Span(unix_seconds));
}

std::int64_t seconds_of(Time time) {
  return time.time_since_epoch().count();
}

Bytes packed(const StoredChoice& choice) {
  Bytes bytes;
  bytes.reserve(choice.decisions.size() * decision_bytes);
  for (const auto& [device, reason] : choice.decisions) {
    bytes.insert(bytes.end(), device.bytes.begin(), device.bytes.end());
    bytes.push_back(static_cast<std::uint8_t>(reason));
  }
  return bytes;
}

std::vector<std::pair<DeviceId, scheduling::Reason>> unpacked(ByteView bytes) {
  std::vector<std::pair<DeviceId, scheduling::Reason>> decisions;
  if (bytes.size() % decision_bytes != 0) {
    throw storage::Failure(storage::FailureKind::corrupt, "gateway.db: a choice is cut off");
  }
  for (; !bytes.empty(); bytes = bytes.subspan(decision_bytes)) {
    const std::uint8_t reason = bytes[DeviceId::size];
    if (reason >= scheduling::reasons) {
      throw storage::Failure(storage::FailureKind::corrupt, "gateway.db: a choice has no reason");
    }
    decisions.emplace_back(*DeviceId::from(bytes.first(DeviceId::size)),
                           static_cast<scheduling::Reason>(reason));
  }
  return decisions;
}

}  // namespace

std::vector<StoredChoice> ScheduleRows::choices() {
  auto rows = database_.prepare(
      "SELECT ctx_hash, task, opened_at, decisions FROM choice ORDER BY sequence");
  rows.bind();
  std::vector<StoredChoice> choices;
  while (rows.step()) {
    choices.push_back({fixed<Hash>(rows.blob(0), "choice"), fixed<TaskId>(rows.blob(1), "choice"),
                       time_of(rows.integer(2)), unpacked(rows.blob(3))});
  }
  return choices;
}

void ScheduleRows::put(const StoredChoice& choice) {
  database_.run(
      "INSERT OR IGNORE INTO choice (ctx_hash, task, opened_at, decisions) VALUES (?, ?, ?, ?)",
      choice.ctx_hash.bytes, choice.task.bytes, seconds_of(choice.opened_at), packed(choice));
  database_.run(
      "DELETE FROM choice WHERE task = ?1 AND sequence NOT IN "
      "(SELECT sequence FROM choice WHERE task = ?1 ORDER BY sequence DESC LIMIT ?2)",
      choice.task.bytes, choices_kept);
}

std::vector<StoredRecord> ScheduleRows::records() {
  auto rows = database_.prepare(
      "SELECT device, seconds_mean, seconds_square, seconds_weight, completed, missed, failures, "
      "failed_at, contributions, choices, credit, come_back_at FROM device_record");
  rows.bind();
  std::vector<StoredRecord> records;
  while (rows.step()) {
    StoredRecord record{
        fixed<DeviceId>(rows.blob(0), "device record"), {}, time_of(rows.integer(11))};
    auto& observed = record.observed;
    observed.seconds = {rows.real(1), rows.real(2), rows.real(3)};
    observed.completed = rows.real(4);
    observed.missed = rows.real(5);
    observed.failures = rows.real(6);
    observed.failed_at = time_of(rows.integer(7));
    observed.contributions = static_cast<std::uint64_t>(rows.integer(8));
    observed.choices = static_cast<std::uint64_t>(rows.integer(9));
    observed.credit = rows.real(10);
    records.push_back(record);
  }
  return records;
}

void ScheduleRows::put(const StoredRecord& record) {
  const auto& observed = record.observed;
  database_.run(
      "INSERT OR REPLACE INTO device_record (device, seconds_mean, seconds_square, seconds_weight, "
      "completed, missed, failures, failed_at, contributions, choices, credit, come_back_at) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      record.device.bytes, observed.seconds.mean, observed.seconds.square_deviation,
      observed.seconds.weight, observed.completed, observed.missed, observed.failures,
      seconds_of(observed.failed_at), observed.contributions, observed.choices, observed.credit,
      seconds_of(record.come_back_at));
}

void ScheduleRows::forget(const DeviceId& device) {
  database_.run("DELETE FROM device_record WHERE device = ?", device.bytes);
}

}  // namespace tributary::gateway::engine
