// A coordinator's database from a backup: it has forgotten what was said since.
#pragma once

#include <filesystem>

#include "cloud/store/store.hpp"

namespace tributary::cloud::engine {

// Puts the backup in place in `state`, which has no database. Round numbers that were used since the backup would be
// used twice, and what they spent of a privacy budget would not be counted: so every task that had not ended is
// stopped, for good, and its open round abandoned. A new task goes on from its model. Returns how many were stopped.
// Throws storage::Failure.
std::size_t restore(const std::filesystem::path& state, const std::filesystem::path& backup,
                    store::Time now);

}  // namespace tributary::cloud::engine
