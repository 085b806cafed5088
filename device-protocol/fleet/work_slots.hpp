// How many devices may hold a round, and with it model buffers, at the same time. First come, first
// served. Thread safe.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace tributary::fleet {

class WorkSlots {
 public:
  explicit WorkSlots(std::size_t slots) : free_(slots) {}

  // Calls `granted` once a slot is the caller's: at once on this thread, or later on the thread
  // that gives one back. `granted` must only post.
  void take(std::function<void()> granted);
  void give_back();

 private:
  std::mutex mutex_;
  std::size_t free_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace tributary::fleet
