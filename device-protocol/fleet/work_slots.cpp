#include "device-protocol/fleet/work_slots.hpp"

namespace tributary::fleet {

void WorkSlots::take(std::function<void()> granted) {
  {
    const std::scoped_lock lock(mutex_);
    if (free_ == 0) {
      waiting_.push_back(std::move(granted));
      return;
    }
    --free_;
  }
  granted();
}

void WorkSlots::give_back() {
  std::function<void()> granted;
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    granted = std::move(waiting_.front());
    waiting_.pop_front();
  }
  granted();
}

}  // namespace tributary::fleet
