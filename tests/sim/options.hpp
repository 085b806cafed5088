// Which seeds this run of the program is asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace tributary::sim {

struct Options {
  // First and last; nullopt: as many as fit into `time`, from 1 on.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> seeds;
  std::chrono::seconds time{60};
};
extern Options options;

}  // namespace tributary::sim
