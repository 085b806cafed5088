// A copy of a database while its program runs, and how one is put in its place.
#pragma once

#include <filesystem>

#include "storage/database.hpp"

namespace tributary::storage {

// Writes everything that is committed to `target`, in place of an older copy, and syncs it; its folder is made,
// for the owner alone. Blocks the database's thread for as long as reading and writing it takes. Not inside a
// transaction. On Failure an older copy is still there.
void back_up(Database& database, const std::filesystem::path& target);

// Copies `backup` to `database`, which does not exist: kind other when it does, or when there is no backup. For a
// program that is not running; what the program then has to forget is its own affair.
void put_back(const std::filesystem::path& backup, const std::filesystem::path& database);

}  // namespace tributary::storage
