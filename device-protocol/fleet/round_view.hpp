// A task and its rounds as the coordinator's admin API shows them (cloud/api/README.md).
#pragma once

#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

struct TaskView {
  std::string id;
  std::string name;
  std::string state;  // waiting, running, finished, stopped, failed
  std::string state_reason;
  std::string model;  // architecture
  std::string spec;   // JSON
  std::uint64_t rounds = 0;
  // Released sums are those of the devices' vectors, their own noise included: no gateway's or helper's noise in
  // them, and no robust rule over devices.
  bool exact_sums = true;
  bool device_noise = false;  // the devices add some of their own

  bool over() const { return state == "finished" || state == "stopped" || state == "failed"; }
};

struct RoundView {
  std::uint64_t number = 0;
  std::string state;  // open, combining, released, abandoned
  std::string reason;
  double seconds = 0;
  std::uint64_t survivors = 0;
  std::uint64_t expected = 0;
  std::uint64_t dropped = 0;
  std::string model_after;  // hash
  std::uint64_t masks_removed = 0;
  double mask_seconds = 0;
  std::uint64_t upload_bytes = 0;
  // Of the devices while they trained, each on its own examples, as the masked sum told; 0: not told.
  double train_loss = 0;
  double train_accuracy = 0;

  bool over() const { return state == "released" || state == "abandoned"; }
};

struct SurvivorsView {
  std::string gateway;
  std::string ctx_hash;
  std::string sum_hash;
  std::vector<std::string> device_ids;
  std::string scope_id =
      {};  // not empty: sum_hash is that of the total over all gateways of this scope
};

// Faults name the member that is missing or of another type.
Outcome<TaskView> view_task(const boost::json::value& task);
Outcome<std::vector<RoundView>> view_rounds(const boost::json::value& list);
Outcome<std::vector<SurvivorsView>> view_survivors(const boost::json::value& list);

}  // namespace tributary::fleet
