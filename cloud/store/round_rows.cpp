#include "cloud/store/round_rows.hpp"

#include <array>

#include "cloud/store/columns.hpp"

namespace tributary::cloud::store {
namespace {

constexpr std::array<std::string_view, 3> state_names{"open", "released", "abandoned"};
constexpr std::array<std::string_view, 5> kind_names{"sum", "joint", "mask-sum", "refusal",
                                                     "abandon"};

constexpr std::string_view round_columns =
    "SELECT task, round, state, reason, opened_at, closed_at, least_contributions, gateway_quorum, "
    "expected, survivors, train_loss, train_accuracy, weight, model_before, model_after, "
    "masks_removed, mask_milliseconds, upload_bytes FROM rounds ";
constexpr std::string_view part_columns =
    "SELECT p.ctx_hash, p.task, p.round, p.gateway, p.context, p.signature, p.roster_hash, "
    "p.expected, p.state, p.reason, p.survivors, p.survivors_hash, p.sum_hash "
    "FROM gateway_rounds p ";
constexpr std::string_view event_columns =
    "SELECT e.ctx_hash, e.kind, e.helper, e.statement, e.received_at, e.body "
    "FROM round_events e ";

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return i;
  }
  throw storage::Failure(storage::FailureKind::corrupt,
                         "coordinator database: unknown word '" + std::string{name} + "'");
}

std::string text(std::string_view columns, std::string_view rest) {
  return std::string{columns} + std::string{rest};
}

std::optional<double> optional_real(const storage::Statement& row, int column) {
  if (row.null(column)) return std::nullopt;
  return row.real(column);
}

RoundRow round_of(const storage::Statement& row) {
  RoundRow round;
  round.key = {fixed<TaskId>(row, 0), count(row, 1)};
  round.state = static_cast<RoundState>(index_of(state_names, row.text(2)));
  round.reason = row.string(3);
  round.opened_at = time(row, 4);
  if (!row.null(5)) round.closed_at = time(row, 5);
  round.least_contributions = small(row, 6);
  round.gateway_quorum = small(row, 7);
  round.expected = small(row, 8);
  round.survivors = small(row, 9);
  round.train_loss = optional_real(row, 10);
  round.train_accuracy = optional_real(row, 11);
  round.weight = optional_real(row, 12);
  round.model_before = fixed<Hash>(row, 13);
  round.model_after = optional_fixed<Hash>(row, 14);
  round.masks_removed = count(row, 15);
  round.mask_time = std::chrono::milliseconds{row.integer(16)};
  round.upload_bytes = count(row, 17);
  return round;
}

std::vector<DeviceId> ids_of(ByteView bytes) {
  std::vector<DeviceId> ids;
  for (; bytes.size() >= DeviceId::size; bytes = bytes.subspan(DeviceId::size)) {
    ids.push_back(*DeviceId::from(bytes.first(DeviceId::size)));
  }
  return ids;
}

Bytes bytes_of(const std::vector<DeviceId>& ids) {
  Bytes bytes;
  for (const auto& id : ids) bytes.insert(bytes.end(), id.bytes.begin(), id.bytes.end());
  return bytes;
}

PartRow part_of(const storage::Statement& row) {
  PartRow part;
  part.ctx_hash = fixed<Hash>(row, 0);
  part.key = {fixed<TaskId>(row, 1), count(row, 2)};
  part.gateway = fixed<GatewayId>(row, 3);
  part.context = raw_string(row, 4);
  part.signature = fixed<Signature>(row, 5);
  part.roster_hash = fixed<Hash>(row, 6);
  part.expected = small(row, 7);
  part.state = row.string(8);
  part.reason = row.string(9);
  part.survivors = ids_of(row.blob(10));
  part.survivors_hash = optional_fixed<Hash>(row, 11);
  part.sum_hash = optional_fixed<Hash>(row, 12);
  return part;
}

std::vector<PartRow> parts_of(storage::Statement row) {
  std::vector<PartRow> parts;
  while (row.step()) parts.push_back(part_of(row));
  return parts;
}

std::vector<EventRow> events_in(storage::Statement row) {
  std::vector<EventRow> events;
  while (row.step()) {
    events.push_back(
        {fixed<Hash>(row, 0), static_cast<EventKind>(index_of(kind_names, row.text(1))),
         optional_fixed<HelperId>(row, 2), fixed<Hash>(row, 3), time(row, 4), raw_string(row, 5)});
  }
  return events;
}

std::vector<RoundRow> rounds_in(storage::Statement row) {
  std::vector<RoundRow> rounds;
  while (row.step()) rounds.push_back(round_of(row));
  return rounds;
}

}  // namespace

std::string_view name_of(RoundState state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::string_view name_of(EventKind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

void RoundRows::add(const RoundRow& round) {
  database_.run(
      "INSERT INTO rounds (task, round, state, reason, opened_at, least_contributions, "
      "gateway_quorum, expected, model_before) VALUES (?1, ?2, 'open', '', ?3, ?4, ?5, ?6, ?7)",
      round.key.task.view(), round.key.round, number(round.opened_at), round.least_contributions,
      round.gateway_quorum, round.expected, round.model_before.view());
}

void RoundRows::add_part(const PartRow& part, std::uint32_t position) {
  database_.run(
      "INSERT INTO gateway_rounds (ctx_hash, task, round, gateway, part, context, signature, "
      "roster_hash, expected, state, reason, survivors) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, x'')",
      part.ctx_hash.view(), part.key.task.view(), part.key.round, part.gateway.view(), position,
      view_of(part.context), part.signature.view(), part.roster_hash.view(), part.expected,
      part.state, part.reason);
}

void RoundRows::add_event(const EventRow& event) {
  database_.run(
      "INSERT INTO round_events (ctx_hash, kind, helper, statement, received_at, body) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
      event.ctx_hash.view(), name_of(event.kind), optional_blob(event.helper),
      event.statement.view(), number(event.received_at), view_of(event.body));
}

void RoundRows::close(const RoundRow& round) {
  const auto closed =
      round.closed_at ? std::optional<std::int64_t>{number(*round.closed_at)} : std::nullopt;
  database_.run(
      "UPDATE rounds SET state = ?3, reason = ?4, closed_at = ?5, survivors = ?6, train_loss = ?7, "
      "train_accuracy = ?8, weight = ?9, model_after = ?10, masks_removed = ?11, "
      "mask_milliseconds = ?12, upload_bytes = ?13 WHERE task = ?1 AND round = ?2",
      round.key.task.view(), round.key.round, name_of(round.state), round.reason, closed,
      round.survivors, round.train_loss, round.train_accuracy, round.weight,
      optional_blob(round.model_after), round.masks_removed, round.mask_time.count(),
      round.upload_bytes);
}

void RoundRows::close_part(const PartRow& part, Time ended) {
  database_.run(
      "UPDATE gateway_rounds SET state = ?2, reason = ?3, survivors = ?4, survivors_hash = ?5, "
      "sum_hash = ?6, ended_at = ?7 WHERE ctx_hash = ?1",
      part.ctx_hash.view(), part.state, part.reason, bytes_of(part.survivors),
      optional_blob(part.survivors_hash), optional_blob(part.sum_hash), number(ended));
}

void RoundRows::forget_bodies(const RoundKey& key) {
  database_.run(
      "UPDATE round_events SET body = x'' WHERE ctx_hash IN "
      "(SELECT ctx_hash FROM gateway_rounds WHERE task = ?1 AND round = ?2)",
      key.task.view(), key.round);
}

std::vector<RoundRow> RoundRows::open() {
  return rounds_in(
      database_.prepare(text(round_columns, "WHERE state = 'open' ORDER BY task, round")));
}

std::optional<RoundRow> RoundRows::open(const TaskId& task) {
  auto row = database_.prepare(text(round_columns, "WHERE state = 'open' AND task = ?1"));
  row.bind(task.view());
  if (!row.step()) return std::nullopt;
  return round_of(row);
}

std::vector<RoundRow> RoundRows::of_task(const TaskId& task, std::uint64_t after,
                                         std::uint32_t limit) {
  auto row = database_.prepare(
      text(round_columns, "WHERE task = ?1 AND round > ?2 ORDER BY round LIMIT ?3"));
  row.bind(task.view(), after, limit);
  return rounds_in(std::move(row));
}

std::optional<RoundRow> RoundRows::find(const RoundKey& key) {
  auto row = database_.prepare(text(round_columns, "WHERE task = ?1 AND round = ?2"));
  row.bind(key.task.view(), key.round);
  if (!row.step()) return std::nullopt;
  return round_of(row);
}

std::vector<PartRow> RoundRows::parts(const RoundKey& key) {
  auto row =
      database_.prepare(text(part_columns, "WHERE p.task = ?1 AND p.round = ?2 ORDER BY p.part"));
  row.bind(key.task.view(), key.round);
  return parts_of(std::move(row));
}

std::vector<PartRow> RoundRows::ended_parts(const GatewayId& gateway, std::uint32_t limit) {
  auto row = database_.prepare(
      text(part_columns,
           "WHERE p.gateway = ?1 AND p.ended_at IS NOT NULL ORDER BY p.ended_at DESC LIMIT ?2"));
  row.bind(gateway.view(), limit);
  return parts_of(std::move(row));
}

std::optional<PartRow> RoundRows::part(const Hash& ctx_hash) {
  auto row = database_.prepare(text(part_columns, "WHERE p.ctx_hash = ?1"));
  row.bind(ctx_hash.view());
  if (!row.step()) return std::nullopt;
  return part_of(row);
}

std::optional<Hash> RoundRows::asked(const Hash& joint) {
  auto row = database_.prepare(
      "SELECT ctx_hash FROM round_events WHERE kind = 'joint' AND statement = ?1");
  row.bind(joint.view());
  if (!row.step()) return std::nullopt;
  return fixed<Hash>(row, 0);
}

std::vector<EventRow> RoundRows::events(const RoundKey& key) {
  auto row = database_.prepare(
      text(event_columns,
           "JOIN gateway_rounds p USING (ctx_hash) WHERE p.task = ?1 AND p.round = ?2 "
           "ORDER BY e.sequence"));
  row.bind(key.task.view(), key.round);
  return events_in(std::move(row));
}

std::vector<EventRow> RoundRows::events_of(const Hash& ctx_hash) {
  auto row = database_.prepare(text(event_columns, "WHERE e.ctx_hash = ?1 ORDER BY e.sequence"));
  row.bind(ctx_hash.view());
  return events_in(std::move(row));
}

}  // namespace tributary::cloud::store
