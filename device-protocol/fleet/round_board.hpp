// The newest round seen by any device of the process, by gateway and task: how a device that
// vanished learns that its round is over and the lights may go on again. Thread safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace tributary::fleet {

struct RoundPlace {
  std::string gateway_and_task;  // raw ids, one after the other
  std::uint64_t round = 0;
};

class RoundBoard {
 public:
  void seen(const RoundPlace& place);
  // Calls `over` once a later round of the same gateway and task is seen; at once when it was seen
  // already. `over` must only post.
  void when_over(const RoundPlace& place, std::function<void()> over);

 private:
  struct Waiting {
    std::uint64_t round;
    std::function<void()> over;
  };
  struct Task {
    std::uint64_t newest = 0;
    std::vector<Waiting> waiting;
  };
  std::mutex mutex_;
  std::map<std::string, Task> tasks_;
};

}  // namespace tributary::fleet
