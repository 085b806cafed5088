// A pause that somebody can end early.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tributary::gateway::uplink {

// One waiter. A ring while nobody waits ends the next wait at once.
class Bell {
 public:
  explicit Bell(boost::asio::io_context& io) : timer_(io) {}

  void ring() {
    rung_ = true;
    timer_.cancel();
  }

  boost::asio::awaitable<void> wait(std::chrono::milliseconds longest) {
    if (!rung_) {
      timer_.expires_after(longest);
      co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    rung_ = false;
  }

 private:
  boost::asio::steady_timer timer_;
  bool rung_ = false;
};

}  // namespace tributary::gateway::uplink
