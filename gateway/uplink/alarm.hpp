// A timer as the uplink needs it; the simulator has its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>

namespace tributary::gateway::uplink {

class Alarm {
 public:
  virtual ~Alarm() = default;  // `then` does not run any more
  // Runs `then` once after `time`, from the owner's loop and not from this call; an earlier one is off.
  virtual void set(std::chrono::milliseconds time, std::function<void()> then) = 0;
};
using MakeAlarm = std::function<std::unique_ptr<Alarm>()>;

class SteadyAlarm : public Alarm {
 public:
  explicit SteadyAlarm(boost::asio::io_context& io) : timer_(io) {}
  void set(std::chrono::milliseconds time, std::function<void()> then) override {
    timer_.expires_after(time);
    timer_.async_wait([then = std::move(then)](const boost::system::error_code& error) {
      if (!error) then();
    });
  }

 private:
  boost::asio::steady_timer timer_;
};

}  // namespace tributary::gateway::uplink
