// A gateway's database from a backup: it has forgotten what was said since.
#pragma once

#include <chrono>
#include <filesystem>

namespace tributary::gateway::engine {

// Puts the backup in place in `state`, which has no database. Devices may hold receipts, and have left prekeys, that
// the backup does not know: so every round is over, no prekey counts, and the gateway's epoch keys have ended. A round
// of before names one of those, and cannot be opened to end without what was receipted. What waited for the
// coordinator is sent again: it knows what it has. Throws storage::Failure.
void restore(const std::filesystem::path& state, const std::filesystem::path& backup,
             std::chrono::sys_seconds now);

}  // namespace tributary::gateway::engine
