// The threads and the clock a Site runs on in a program: workers for sums, one for the helper role, the
// writer's, and a tick ten times a second.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>

#include "gateway/engine/site.hpp"
#include "gateway/engine/writer_thread.hpp"

namespace tributary::gateway::engine {

// Belongs to the io_context thread. Made before its site, and destroyed before it: jobs that have not
// begun are dropped, what the writer has queued is written, nobody calls the site any more.
class SiteThreads {
 public:
  explicit SiteThreads(boost::asio::io_context& io);
  ~SiteThreads();
  SiteThreads(const SiteThreads&) = delete;
  SiteThreads& operator=(const SiteThreads&) = delete;

  Workers workers();
  // Drives `site` from now on; once.
  void run(Site& site);

 private:
  Submit submit_to(boost::asio::thread_pool& pool);
  void tick(Site& site);

  boost::asio::io_context& io_;
  boost::asio::steady_timer timer_;
  boost::asio::thread_pool sums_;
  boost::asio::thread_pool helper_{1};
  std::optional<WriterThread> writer_;
};

}  // namespace tributary::gateway::engine
