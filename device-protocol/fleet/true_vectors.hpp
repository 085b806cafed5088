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

// One contribution's file, open for writing. One thread.
class TrueVectorFile {
 public:
  // Makes folder and file; what the file already holds stays.
  TrueVectorFile(const std::filesystem::path& directory, const Hash& ctx_hash,
                 const DeviceId& device);
  TrueVectorFile(const TrueVectorFile&) = delete;
  TrueVectorFile& operator=(const TrueVectorFile&) = delete;
  ~TrueVectorFile();

  const Hash& ctx_hash() const { return ctx_hash_; }
  // Puts words [first, first + words.size()) in place. False when the disk refuses.
  bool write(std::uint32_t first, std::span<const std::int32_t> words) const;

 private:
  Hash ctx_hash_;
  int file_ = -1;
};

// The true sum over `devices`. A fault names the device whose vector is missing or of another
// length.
Outcome<std::vector<std::int64_t>> true_sum(const std::filesystem::path& directory,
                                            const std::string& ctx_hash,
                                            const std::vector<std::string>& devices);

// H("released-sum", words as little-endian int64).
Hash released_sum_hash(std::span<const std::int64_t> words);

}  // namespace tributary::fleet
