// Schema sets and databases for tests.
#pragma once

#include "storage/database.hpp"

namespace tributary::storage::test {

inline constexpr Migration notes_migrations[] = {
    {1, "notes", "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"},
    {2, "authors",
     "CREATE TABLE authors (name TEXT PRIMARY KEY) STRICT;"
     "ALTER TABLE notes ADD COLUMN author TEXT REFERENCES authors (name);"}};
inline constexpr SchemaSet notes_before{"notes", std::span(notes_migrations).first(1)};
inline constexpr SchemaSet notes{"notes", notes_migrations};

inline constexpr std::chrono::sys_seconds noon{std::chrono::seconds{1'700'000'000}};

inline std::int64_t count_notes(Database& database) {
  Statement rows = database.prepare("SELECT count(*) FROM notes");
  rows.step();
  return rows.integer(0);
}

inline void add_note(Database& database, std::string_view text) {
  database.run("INSERT INTO notes (text) VALUES (?)", text);
}

}  // namespace tributary::storage::test
