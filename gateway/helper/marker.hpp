// helper.marker: a file beside helper.db that shows when the database is not the one that ran last.
// It counts every promise, after the database has it and before anybody hears of it, so a database
// older than its marker has forgotten a promise. A copied or restored marker file is known by its
// inode and birth time, which no backup brings back.
#pragma once

#include <filesystem>
#include <optional>

#include "crypto/bytes.hpp"

namespace tributary::gateway::helper {

using InstanceId = Fixed<struct InstanceIdTag, 16>;

struct MarkerState {
  InstanceId instance;       // random, one per helper database
  std::uint64_t generation;  // promises made
  std::uint32_t epoch;
  bool operator==(const MarkerState&) const = default;
};

// Every call either succeeds durably or throws storage::Failure that names the path.
class Marker {
 public:
  explicit Marker(std::filesystem::path path) : path_(std::move(path)) {}
  // nullopt: no such file, or not a whole marker.
  std::optional<MarkerState> read() const;
  void write(const MarkerState& state) const;   // in place: the file keeps its identity
  void create(const MarkerState& state) const;  // a new file with a new identity
  // H over inode number and birth time; needs the file.
  Hash identity() const;

 private:
  std::filesystem::path path_;
};

}  // namespace tributary::gateway::helper
