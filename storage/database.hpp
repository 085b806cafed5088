// One SQLite file, opened by this object alone.
#pragma once

#include <chrono>
#include <concepts>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/failure.hpp"
#include "storage/schema_set.hpp"
#include "storage/statement.hpp"

namespace tributary::storage {

// Owned by one thread. Every call throws Failure. When a call outside a transaction, or
// transaction(), returns, its changes are on disk (synchronous=FULL, write-ahead log).
class Database {
 public:
  // Opens or creates `path`, whose folder exists, locks it, checks it and brings `sets` up to date.
  // A corrupt file is renamed to <path>.corrupt-<unix seconds of now> and an empty one takes its
  // place: see set_aside(). locked: another process has it. newer: it has a version or a set that
  // `sets` does not know.
  Database(const std::filesystem::path& path, std::span<const SchemaSet> sets,
           std::chrono::sys_seconds now);
  Database(const std::filesystem::path& path, std::initializer_list<SchemaSet> sets,
           std::chrono::sys_seconds now)
      : Database(path, std::span(sets.begin(), sets.size()), now) {}
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // The same for content that `sets` allow and the caller cannot make sense of. No statement and no
  // transaction is open.
  void begin_anew(std::initializer_list<SchemaSet> sets, std::chrono::sys_seconds now);

  // Where the corrupt file went; empty: there was none. Worth an alarm: its promises are forgotten.
  const std::filesystem::path& set_aside() const { return set_aside_; }
  const std::filesystem::path& path() const { return path_; }

  // A statement for `sql`, a constant text, from the cache.
  Statement prepare(std::string_view sql);

  // Runs one statement with these values to its end; returns the number of rows it changed.
  template <class... Values>
  std::int64_t run(std::string_view sql, const Values&... values) {
    Statement statement = prepare(sql);
    statement.bind(values...);
    while (statement.step()) {
    }
    return changes();
  }

  // Everything `work` does in one atomic, durable step; whatever it throws rolls it all back.
  // Transactions do not nest: one inside another is a std::logic_error.
  template <std::invocable Work>
  auto transaction(Work&& work) -> std::invoke_result_t<Work> {
    Transaction transaction(*this);
    if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
      std::forward<Work>(work)();
      transaction.commit();
    } else {
      auto result = std::forward<Work>(work)();
      transaction.commit();
      return result;
    }
  }

  // Several statements separated by semicolons, without values.
  void run_script(std::string_view sql);

 private:
  struct Connection;
  class Transaction {
   public:
    explicit Transaction(Database& database);
    ~Transaction();  // rolls back what was not committed
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit();

   private:
    Database& database_;
  };

  bool whole(std::span<const SchemaSet> sets);  // open(); false: it is corrupt
  void open(std::span<const SchemaSet> sets);
  void put_aside(std::chrono::sys_seconds now);
  std::int64_t changes() const;

  std::filesystem::path path_;
  std::filesystem::path set_aside_;
  std::unique_ptr<Connection> connection_;
};

// What was set aside in this folder and has not been taken away yet, oldest first; the logs beside them
// are not named. An alarm as long as there is one. At most set_aside_kept of a database are kept.
inline constexpr std::size_t set_aside_kept = 4;
std::vector<std::filesystem::path> set_aside_in(const std::filesystem::path& folder);

}  // namespace tributary::storage
