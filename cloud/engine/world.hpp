// What the engine needs of the world around it, replaced in tests: time, chance, workers, a log.
#pragma once

#include <functional>
#include <string>

#include "cloud/service/log.hpp"
#include "cloud/store/rows.hpp"

namespace tributary::cloud::engine {

enum class Severity { info, warning, error };

struct World {
  std::function<store::Time()> now;
  std::function<TaskId()> new_task_id;
  std::function<Hash()> draw_beacon;  // 32 bytes that nobody could know before
  // Runs `work` away from the owner's thread, then `then` on it. `then` may come before submit
  // returns.
  std::function<void(std::function<void()> work, std::function<void()> then)> submit;
  // One line per transition: `event` in snake_case, and what it is about.
  std::function<void(Severity, std::string_view event, service::log::Fields)> say;
};

// What happened, for the metrics. Called on the owner's thread.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void round_released(std::uint32_t survivors, std::uint64_t masks_removed,
                              double seconds) = 0;
  virtual void round_abandoned() = 0;
  virtual void part_combined(double seconds, bool burnt) = 0;
};

}  // namespace tributary::cloud::engine
