// Group of PROTOCOL.md 10.1 as a validated value: who masks with whom at one gateway in mode pairwise.
#pragma once

#include <string_view>
#include <variant>

#include "crypto/pairwise/graph.hpp"
#include "tributary.pb.h"

namespace tributary::wire {

// H("group", bytes): of the bytes as received.
Hash group_hash(std::string_view bytes);

struct Group {
  Hash hash;
  std::string tenant;
  TaskId task;
  GatewayId gateway;
  Hash roster_root;
  Hash beacon;
  std::uint32_t devices;     // n, 3..5000
  std::uint32_t neighbours;  // k, even and below n, or n-1; at most 254
  std::uint32_t threshold;   // t, 1..k
  std::uint32_t witnesses;   // W, 1..min(n, 255)
  std::uint32_t quorum;      // q, 2q > W >= q
  std::uint32_t first_slot;
  std::uint32_t last_slot;  // >= first_slot, below 2^32 - 1

  pairwise::GraphSeed seed() const { return pairwise::graph_seed(roster_root, beacon); }
  bool has_slot(std::uint64_t slot) const { return first_slot <= slot && slot <= last_slot; }
};

// The text names the field and its limit. The signature is the caller's to check.
std::variant<Group, std::string> parse_group(std::string_view bytes);

}  // namespace tributary::wire
