// Statements that wait for their next use, by text. Only for storage/.
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "storage/statement.hpp"

namespace tributary::storage {

// The kind of a code of SQLite's, and the exception made of one of SQLiteCpp's.
Failure sqlite_failure(const SQLite::Exception& error, const std::string& path);

class StatementCache {
 public:
  StatementCache(SQLite::Database& database, std::string path)
      : database_(database), path_(std::move(path)) {}

  Statement take(std::string_view sql);
  void give_back(std::unique_ptr<SQLite::Statement> prepared) noexcept;
  const std::string& path() const { return path_; }

 private:
  SQLite::Database& database_;
  std::string path_;
  // As many entries as the program has texts: texts never contain values.
  std::map<std::string, std::vector<std::unique_ptr<SQLite::Statement>>, std::less<>> idle_;
};

// Runs `work`, translating what SQLite throws.
template <class Work>
auto translated(const std::string& path, Work&& work) {
  try {
    return work();
  } catch (const SQLite::Exception& error) {
    throw sqlite_failure(error, path);
  }
}

}  // namespace tributary::storage
