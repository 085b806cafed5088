// Statements that wait for their next use, by text. Only for storage/.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "storage/failure.hpp"
#include "storage/statement.hpp"

namespace tributary::storage {

// What SQLiteCpp threw as a Failure. `connection`, if there is one yet, knows the system's error.
Failure sqlite_failure(const SQLite::Exception& error, const std::string& path,
                       sqlite3* connection);

// Runs `work`, translating what SQLite throws.
template <class Work>
auto translated(const std::string& path, sqlite3* connection, Work&& work) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    throw sqlite_failure(error, path, connection);
  }
}

class StatementCache {
 public:
  StatementCache(SQLite::Database& database, std::string path)
      : database_(database), path_(std::move(path)) {}

  Statement take(std::string_view sql);
  void give_back(std::unique_ptr<SQLite::Statement> prepared) noexcept;

  // translated() for this database.
  template <class Work>
  auto translate(Work&& work) const {
    return translated(path_, database_.getHandle(), std::forward<Work>(work));
  }

 private:
  SQLite::Database& database_;
  std::string path_;
  // As many entries as the program has texts: texts never contain values.
  std::map<std::string, std::vector<std::unique_ptr<SQLite::Statement>>, std::less<>> idle_;
};

}  // namespace tributary::storage
