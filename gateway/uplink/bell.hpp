// A pause that somebody can end early.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "gateway/uplink/alarm.hpp"

namespace tributary::gateway::uplink {

// One waiter. A ring while nobody waits ends the next wait at once.
class Bell {
 public:
  explicit Bell(std::unique_ptr<Alarm> alarm) : alarm_(std::move(alarm)) {}

  void ring() {
    rung_ = true;
    if (wake_) alarm_->set(std::chrono::milliseconds(0), wake_);
  }

  boost::asio::awaitable<void> wait(std::chrono::milliseconds longest) {
    if (!rung_) {
      auto initiate = [this, longest](auto handler) {
        auto waiter = std::make_shared<decltype(handler)>(std::move(handler));
        wake_ = [this, waiter] {
          wake_ = {};
          std::move (*waiter)();
        };
        alarm_->set(longest, wake_);
      };
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
          std::move(initiate), boost::asio::use_awaitable);
    }
    rung_ = false;
  }

 private:
  std::unique_ptr<Alarm> alarm_;
  bool rung_ = false;
  std::function<void()> wake_;  // of who waits
};

}  // namespace tributary::gateway::uplink
