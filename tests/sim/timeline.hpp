// Virtual time: what is to happen, and when. One thread; the same calls give the same order.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace tributary::sim {

using Span = std::chrono::milliseconds;

// Whether the party that asked for an event is still the same: false once it was killed.
using Life = std::shared_ptr<bool>;
inline Life new_life() {
  return std::make_shared<bool>(true);
}

class Timeline {
 public:
  Span now() const { return now_; }  // since the world began

  void after(Span delay, std::function<void()> event) {
    events_.emplace(std::pair(now_ + delay, ++count_), std::move(event));
  }
  // Does not happen when `life` has ended by then.
  void after(const Life& life, Span delay, std::function<void()> event) {
    after(delay, [life, event = std::move(event)] {
      if (*life) event();
    });
  }

  // Runs the next event, unless it is later than `limit`; time then is `limit`.
  bool step(Span limit) {
    if (events_.empty() || events_.begin()->first.first > limit) {
      now_ = limit;
      return false;
    }
    auto next = events_.extract(events_.begin());
    now_ = next.key().first;
    next.mapped()();
    return true;
  }

 private:
  Span now_{0};
  std::uint64_t count_ = 0;
  std::map<std::pair<Span, std::uint64_t>, std::function<void()>> events_;
};

}  // namespace tributary::sim
