// Days in a moment: waits pass at once, and the writer works without its thread.
#pragma once

#include <boost/asio/post.hpp>

#include "gateway/uplink/alarm.hpp"
#include "tests/unit/gateway/site_world.hpp"

namespace tributary::gateway::test {

// Waits pass at once; only the clock knows of them.
class Jump : public uplink::Alarm {
 public:
  Jump(boost::asio::io_context& io, std::chrono::milliseconds& clock) : io_(io), clock_(clock) {}
  ~Jump() override { *alive_ = 0; }
  void set(std::chrono::milliseconds time, std::function<void()> then) override {
    const int number = ++*alive_;
    boost::asio::post(io_, [this, alive = alive_, number, time, then = std::move(then)] {
      if (*alive != number) return;
      clock_ += time;
      then();
    });
  }

 private:
  boost::asio::io_context& io_;
  std::chrono::milliseconds& clock_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// The site's writer without its thread, so that no real time passes.
inline void drive_writer(SiteWorld& world) {
  // A tick whose end is queued is beyond being cancelled: none is left when the threads go.
  world.io.poll();
  world.io.restart();
  world.threads.reset();
  world.site->writer().on_submit([&world](std::size_t) {
    boost::asio::post(world.io, [&world] {
      auto batch = world.site->writer().take();
      if (batch.empty()) return;
      world.site->writer().write(batch);
      world.site->writer().report(std::move(batch));
    });
  });
}

}  // namespace tributary::gateway::test
