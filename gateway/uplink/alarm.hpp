// A timer as the uplink needs it; the simulator has its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
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
  ~SteadyAlarm() override { ++*newest_; }
  // A wait that has ended is beyond being cancelled while its end is queued: its number tells that it is off.
  void set(std::chrono::milliseconds time, std::function<void()> then) override {
    const auto number = ++*newest_;
    timer_.expires_after(time);
    timer_.async_wait(
        [newest = newest_, number, then = std::move(then)](const boost::system::error_code& error) {
          if (!error && number == *newest) then();
        });
  }

 private:
  boost::asio::steady_timer timer_;
  std::shared_ptr<std::uint64_t> newest_ = std::make_shared<std::uint64_t>(0);
};

}  // namespace tributary::gateway::uplink
