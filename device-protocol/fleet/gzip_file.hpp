// Whole files, unpacked when they are gzip.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

// The content of a gzip or plain file, at most `limit` bytes of it. A fault when it cannot be read,
// is damaged or is longer.
Outcome<std::vector<std::uint8_t>> read_gzip_file(const std::filesystem::path& path,
                                                  std::size_t limit);

}  // namespace tributary::fleet
