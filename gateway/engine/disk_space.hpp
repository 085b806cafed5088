// Whether there is room for more updates: free space beyond a reserve, and the configured cap.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tributary::gateway::engine {

class DiskSpace {
 public:
  // Kept free for the database, the outbox and what is already on its way.
  static constexpr std::uint64_t reserve = std::uint64_t{96} << 20;

  DiskSpace(std::filesystem::path folder, std::uint64_t cap)
      : folder_(std::move(folder)), cap_(cap) {}

  // `used`: bytes of all journals now; `more`: bytes that are to come.
  bool fits(std::uint64_t used, std::uint64_t more) const {
    if (used + more > cap_) return false;
    std::error_code error;
    const auto space = std::filesystem::space(folder_, error);
    return !error && space.available >= reserve + more;
  }

 private:
  std::filesystem::path folder_;
  std::uint64_t cap_;
};

}  // namespace tributary::gateway::engine
