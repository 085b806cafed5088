#include "storage/outbox.hpp"

namespace tributary::storage {
namespace {

std::int64_t stored(Milliseconds time) {
  return time.time_since_epoch().count();
}
Milliseconds loaded(std::int64_t value) {
  return Milliseconds{std::chrono::milliseconds{value}};
}

std::optional<Milliseconds> time_or_none(Statement statement) {
  if (!statement.step() || statement.null(0)) return std::nullopt;
  return loaded(statement.integer(0));
}

}  // namespace

bool Outbox::put(std::string_view key, std::string_view destination, Blob content,
                 Milliseconds created_at) {
  return database_.run(
             "INSERT INTO outbox (key, destination, created_at, next_attempt_at, content) "
             "VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT (key) DO NOTHING",
             key, destination, stored(created_at), content) == 1;
}

std::vector<Outbox::Message> Outbox::due(Milliseconds now, std::uint32_t limit) {
  // In the order of the table: the index on the time would have all that is due sorted first.
  Statement rows = database_.prepare(
      "SELECT key, destination, content, created_at, attempts, last_error FROM outbox NOT INDEXED "
      "WHERE next_attempt_at <= ? ORDER BY sequence LIMIT ?");
  rows.bind(stored(now), limit);
  std::vector<Message> messages;
  while (rows.step()) {
    messages.push_back({rows.string(0), rows.string(1), rows.bytes(2), loaded(rows.integer(3)),
                        static_cast<std::uint32_t>(rows.integer(4)), rows.string(5)});
  }
  return messages;
}

bool Outbox::delivered(std::string_view key) {
  return database_.run("DELETE FROM outbox WHERE key = ?", key) == 1;
}

bool Outbox::reschedule(std::string_view key, Milliseconds next_attempt_at, std::uint32_t attempts,
                        std::string_view last_error) {
  return database_.run(
             "UPDATE outbox SET next_attempt_at = ?, attempts = ?, last_error = ? WHERE key = ?",
             stored(next_attempt_at), attempts, last_error, key) == 1;
}

Outbox::Size Outbox::size() {
  Statement rows = database_.prepare("SELECT messages, bytes FROM outbox_size");
  rows.step();
  return {static_cast<std::uint64_t>(rows.integer(0)), static_cast<std::uint64_t>(rows.integer(1))};
}

std::optional<Milliseconds> Outbox::oldest() {
  return time_or_none(database_.prepare("SELECT created_at FROM outbox ORDER BY sequence LIMIT 1"));
}

std::optional<Milliseconds> Outbox::next_attempt() {
  return time_or_none(database_.prepare("SELECT min(next_attempt_at) FROM outbox"));
}

}  // namespace tributary::storage
