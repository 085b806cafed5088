// All devices of a process: their data, their threads, their end.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "device-protocol/fleet/device.hpp"
#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

struct FleetOptions {
  std::filesystem::path devices_dir;
  std::vector<std::string> brokers;
  std::filesystem::path state;  // empty: records stay in memory
  std::string data;             // empty with behaviour.synthetic
  std::filesystem::path data_dir;
  std::string partition = "iid";
  DeviceBehaviour behaviour;           // its attack follows from the two below
  std::string attack;                  // kind; empty: none
  std::vector<std::string> attackers;  // see plan_attack()
  unsigned workers = 2;
  unsigned concurrency = 64;
  std::optional<std::chrono::seconds> stop_after;
  std::chrono::seconds status_every{10};
  bool json = false;
};

// Runs until SIGTERM, SIGINT or stop_after. Status lines and, at the end, the summary go to standard
// output. A fault when the fleet could not start.
Outcome<void> run_fleet(const FleetOptions& options);

}  // namespace tributary::fleet
