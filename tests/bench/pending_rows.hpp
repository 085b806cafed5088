// States with many pending rows, written by the product's own code; restart.py then starts the programs on them.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tributary::bench {

struct Filled {
  std::uint64_t messages = 0;       // in the outbox
  std::uint64_t chunks = 0;         // in the journal of an open round
  std::uint64_t contributions = 0;  // of that round
  std::uint64_t statements = 0;     // of open rounds at the coordinator
  std::uint64_t contexts = 0;       // of those rounds
  std::uint64_t bytes = 0;          // on disk
};

// A gateway's state folder: `rows` messages that wait, and a round in progress with `rows` chunks of the devices
// enrolled in `credentials`/devices, nine tenths of which have contributed. `coordinator_key` signs the context.
Filled fill_gateway(const std::filesystem::path& state, const std::filesystem::path& credentials,
                    const std::filesystem::path& coordinator_key, std::uint64_t rows);

// A coordinator's state folder: tasks over 250 gateways, each with an open round, until `rows` sums are recorded
// whose helpers have not answered. Nothing is synced: `state` is best on a tmpfs.
Filled fill_coordinator(const std::filesystem::path& state, std::uint64_t rows);

}  // namespace tributary::bench
