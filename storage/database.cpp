#include "storage/database.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <sqlite3.h>

#include <cerrno>
#include <stdexcept>

#include "storage/archive.hpp"
#include "storage/file.hpp"
#include "storage/migrate.hpp"
#include "storage/statement_cache.hpp"

namespace tributary::storage {
namespace {

// Long enough for a predecessor that is on its way out, short enough to be told soon.
constexpr int busy_milliseconds = 1000;

void configure(SQLite::Database& connection) {
  // The order matters: exclusive before the first look at the log keeps it free of shared memory,
  // whose reset bug in SQLite 3.40 needs a second connection.
  connection.exec("PRAGMA locking_mode = EXCLUSIVE");
  connection.exec("PRAGMA cell_size_check = ON");
  connection.exec("PRAGMA trusted_schema = OFF");
  connection.exec("PRAGMA journal_mode = WAL");
  connection.exec("PRAGMA synchronous = FULL");
  connection.exec("PRAGMA foreign_keys = ON");
  connection.exec("PRAGMA journal_size_limit = 67108864");
}

void check(SQLite::Database& connection, const std::filesystem::path& path) {
  const std::string verdict = connection.execAndGet("PRAGMA quick_check(1)").getString();
  if (verdict != "ok") throw Failure(FailureKind::corrupt, path.string() + ": " + verdict);
}

FileDescriptor opened(const std::filesystem::path& path, int mode) {
  FileDescriptor file(::open(path.c_str(), mode | O_CLOEXEC));
  if (file.get() < 0) throw system_failure(path.string() + ": cannot be opened", errno);
  return file;
}

// A killed predecessor leaves a log whose end nobody has synced, and one whose sync failed a log that is
// not what the medium has: later commits behind such frames would be lost with them. The database
// itself needs none of this: until its sync succeeds, the log is kept and written to it again.
void settle_log(const std::filesystem::path& log) {
  if (!std::filesystem::exists(log)) return;
  settle(opened(log, O_RDWR), log);
}

// Throws when a part of the file cannot be read. Without a connection: closing a file ends its locks.
void read_through(const std::filesystem::path& path) {
  const FileDescriptor file = opened(path, O_RDONLY);
  std::vector<std::uint8_t> part(std::size_t{1} << 20);
  for (std::uint64_t at = 0; read_at(file, at, part, path) == part.size(); at += part.size()) {
  }
}

}  // namespace

// Statements are finalised before the connection closes: members go in reverse order.
struct Database::Connection {
  explicit Connection(const std::filesystem::path& path)
      : database(path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, busy_milliseconds),
        statements(database, path.string()) {}

  SQLite::Database database;
  StatementCache statements;
};

Database::Database(const std::filesystem::path& path, std::span<const SchemaSet> sets,
                   std::chrono::sys_seconds now)
    : path_(path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  if (!std::filesystem::is_directory(folder)) {
    throw Failure(FailureKind::other, path.string() + ": the folder " + folder.string() +
                                          " does not exist; create it first");
  }
  if (whole(sets)) return;
  connection_.reset();
  // To SQLite a page that could not be read is a damaged one: nothing is set aside for that.
  read_through(path_);
  if (whole(sets)) return;
  put_aside(now);
  open(sets);
}

Database::~Database() = default;

bool Database::whole(std::span<const SchemaSet> sets) {
  try {
    open(sets);
    return true;
  } catch (const Failure& failure) {
    if (failure.kind() != FailureKind::corrupt) throw;
    return false;
  }
}

void Database::open(std::span<const SchemaSet> sets) {
  settle_log(path_.string() + "-wal");
  translated(path_.string(), nullptr,
             [this] { connection_ = std::make_unique<Connection>(path_); });
  connection_->statements.translate([this] {
    configure(connection_->database);
    check(connection_->database, path_);
  });
  migrate(*this, sets);
}

void Database::begin_anew(std::initializer_list<SchemaSet> sets, std::chrono::sys_seconds now) {
  put_aside(now);
  open(std::span(sets.begin(), sets.size()));
}

void Database::put_aside(std::chrono::sys_seconds now) {
  connection_.reset();
  set_aside_ = storage::set_aside(path_, now);
}

Statement Database::prepare(std::string_view sql) {
  return connection_->statements.take(sql);
}

void Database::run_script(std::string_view sql) {
  connection_->statements.translate([&] { connection_->database.exec(std::string(sql)); });
}

std::int64_t Database::changes() const {
  return connection_->database.getChanges();
}

Database::Transaction::Transaction(Database& database) : database_(database) {
  if (sqlite3_get_autocommit(database_.connection_->database.getHandle()) == 0) {
    throw std::logic_error("storage: a transaction inside a transaction");
  }
  database_.run("BEGIN IMMEDIATE");
}

void Database::Transaction::commit() {
  database_.run("COMMIT");
}

Database::Transaction::~Transaction() {
  sqlite3* const handle = database_.connection_->database.getHandle();
  // After some failures SQLite has rolled back by itself. If this one fails the journal still has
  // no commit record, so nothing of the transaction can come back.
  if (sqlite3_get_autocommit(handle) == 0) {
    sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

}  // namespace tributary::storage
