// A pause that somebody ends at the very moment it ends by itself.
#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <thread>

#include "gateway/uplink/bell.hpp"

using namespace tributary::gateway::uplink;
using std::chrono::milliseconds;

TEST_CASE("R19: a bell that rings when its wait has just ended wakes the waiter once") {
  boost::asio::io_context io;
  Bell bell(std::make_unique<SteadyAlarm>(io));
  Bell other(std::make_unique<SteadyAlarm>(io));
  int woken = 0;
  boost::asio::steady_timer first(io, milliseconds(0));
  boost::asio::co_spawn(
      io,
      [&]() -> boost::asio::awaitable<void> {
        co_await bell.wait(milliseconds(1));
        ++woken;
        co_await other.wait(milliseconds(20));  // as for an answer: the bell has no waiter now
        ++woken;
      },
      boost::asio::detached);
  io.run_one();  // the coroutine is waiting
  first.async_wait([&](const boost::system::error_code&) { bell.ring(); });
  // Both have ended when the loop looks, so both ends are queued when the first one runs.
  std::this_thread::sleep_for(milliseconds(10));
  io.run();
  CHECK(woken == 2);
}

TEST_CASE("R19: an alarm that is gone or set anew does not go off") {
  boost::asio::io_context io;
  int late = 0;
  int right = 0;
  auto gone = std::make_unique<SteadyAlarm>(io);
  SteadyAlarm again(io);
  boost::asio::steady_timer first(io, milliseconds(0));
  first.async_wait([&](const boost::system::error_code&) {
    gone.reset();
    again.set(milliseconds(0), [&] { ++right; });
  });
  gone->set(milliseconds(1), [&] { ++late; });
  again.set(milliseconds(1), [&] { ++late; });
  std::this_thread::sleep_for(milliseconds(10));
  io.run();
  CHECK(late == 0);
  CHECK(right == 1);
}
