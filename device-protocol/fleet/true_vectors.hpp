// The quantised vectors of a demonstration before they are masked, kept aside so that every
// released sum can be compared with the true one. One file DIR/<hex ctx_hash>/<hex device_id> per
// contribution: its words as little-endian int32. Nothing of this exists unless asked for.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "crypto/bytes.hpp"
#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

// Writes words [first, first + words.size()) of a contribution. Any thread; one device's pieces
// from one thread at a time. False when the disk refuses.
bool record_true_words(const std::filesystem::path& directory, const Hash& ctx_hash,
                       const DeviceId& device, std::uint32_t first,
                       std::span<const std::int32_t> words);

// The true sum over `devices`. A fault names the device whose vector is missing or of another
// length.
Outcome<std::vector<std::int64_t>> true_sum(const std::filesystem::path& directory,
                                            const std::string& ctx_hash,
                                            const std::vector<std::string>& devices);

// H("released-sum", words as little-endian int64).
Hash released_sum_hash(std::span<const std::int64_t> words);

}  // namespace tributary::fleet
