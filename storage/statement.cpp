#include "storage/statement.hpp"

#include <sqlite3.h>

#include <cerrno>

#include "storage/failure.hpp"
#include "storage/statement_cache.hpp"

namespace tributary::storage {
namespace {

// What the system said to SQLite, which knows only one errno as a lack of space; `otherwise` when it said
// nothing. Without a connection it was the opening of one that failed.
FailureKind kind_of_system(sqlite3* connection, FailureKind otherwise) {
  const int error_number = connection == nullptr ? errno : sqlite3_system_errno(connection);
  return error_number == 0 ? otherwise : system_failure({}, error_number).kind();
}

bool no_space(sqlite3* connection) {
  return kind_of_system(connection, FailureKind::io) == FailureKind::full;
}

FailureKind kind_of(int code, sqlite3* connection) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return FailureKind::full;
    case SQLITE_IOERR:
      return no_space(connection) ? FailureKind::full : FailureKind::io;
    case SQLITE_CANTOPEN:
      return kind_of_system(connection, FailureKind::other);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return FailureKind::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return FailureKind::locked;
    default:
      return FailureKind::other;
  }
}

}  // namespace

Failure sqlite_failure(const SQLite::Exception& error, const std::string& path,
                       sqlite3* connection) {
  const FailureKind kind = kind_of(error.getErrorCode(), connection);
  if (kind == FailureKind::locked) {
    return {kind, path + ": another process has this database open; stop it first"};
  }
  return {kind, path + ": " + error.what()};
}

Statement StatementCache::take(std::string_view sql) {
  const auto found = idle_.find(sql);
  if (found != idle_.end() && !found->second.empty()) {
    auto prepared = std::move(found->second.back());
    found->second.pop_back();
    return {*this, std::move(prepared)};
  }
  return translate([&] {
    return Statement(*this, std::make_unique<SQLite::Statement>(database_, std::string(sql)));
  });
}

void StatementCache::give_back(std::unique_ptr<SQLite::Statement> prepared) noexcept {
  prepared->tryReset();
  prepared->clearBindings();
  idle_[prepared->getQuery()].push_back(std::move(prepared));
}

Statement::Statement(StatementCache& cache, std::unique_ptr<SQLite::Statement> prepared)
    : cache_(cache), prepared_(std::move(prepared)) {}

Statement::Statement(Statement&&) noexcept = default;

Statement::~Statement() {
  if (prepared_) cache_.give_back(std::move(prepared_));
}

// The outcome of an earlier run was already thrown by its step().
void Statement::restart() {
  prepared_->tryReset();
}

bool Statement::step() {
  return cache_.translate([this] { return prepared_->executeStep(); });
}

std::int64_t Statement::integer(int column) const {
  return cache_.translate([&] { return prepared_->getColumn(column).getInt64(); });
}

double Statement::real(int column) const {
  return cache_.translate([&] { return prepared_->getColumn(column).getDouble(); });
}

std::string_view Statement::text(int column) const {
  return cache_.translate([&]() -> std::string_view {
    const SQLite::Column value = prepared_->getColumn(column);
    const char* text = value.getText();
    return {text, static_cast<std::size_t>(value.getBytes())};
  });
}

Blob Statement::blob(int column) const {
  return cache_.translate([&]() -> Blob {
    const SQLite::Column value = prepared_->getColumn(column);
    const void* bytes = value.getBlob();
    return {static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(value.getBytes())};
  });
}

bool Statement::null(int column) const {
  return cache_.translate([&] { return prepared_->getColumn(column).isNull(); });
}

void Statement::bind_integer(int index, std::int64_t value) {
  cache_.translate([&] { prepared_->bind(index, value); });
}

void Statement::bind_value(int index, double value) {
  cache_.translate([&] { prepared_->bind(index, value); });
}

void Statement::bind_value(int index, std::string_view value) {
  cache_.translate([&] { prepared_->bind(index, std::string(value)); });
}

void Statement::bind_value(int index, Blob value) {
  static constexpr std::uint8_t nothing = 0;
  const void* bytes = value.empty() ? &nothing : value.data();
  cache_.translate([&] { prepared_->bind(index, bytes, static_cast<int>(value.size())); });
}

void Statement::bind_value(int index, std::nullptr_t) {
  cache_.translate([&] { prepared_->bind(index); });
}

void Statement::refuse_integer(int index) {
  throw Failure(FailureKind::other,
                "parameter " + std::to_string(index) + " does not fit a signed 64-bit integer");
}

}  // namespace tributary::storage
