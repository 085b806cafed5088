// Corrupt databases out of the way, and no more of them than are of use. Only for storage/.
#pragma once

#include <chrono>
#include <filesystem>

namespace tributary::storage {

// Renames `database` to <database>.corrupt-<unix seconds of now>, with -2, -3 .. behind it when there is
// one, its log to the same with -wal, durably; removes the oldest beyond set_aside_kept. Returns the new
// name. Nobody has the file open. Throws Failure.
std::filesystem::path set_aside(const std::filesystem::path& database,
                                std::chrono::sys_seconds now);

}  // namespace tributary::storage
