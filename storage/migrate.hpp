// Bringing a database's schema sets up to date. Only for storage/.
#pragma once

#include <span>

#include "storage/database.hpp"

namespace tributary::storage {

// Applies what is missing, each migration in a transaction of its own. Throws Failure: newer, when
// the database has a set or a version that `sets` has not.
void migrate(Database& database, std::span<const SchemaSet> sets);

}  // namespace tributary::storage
