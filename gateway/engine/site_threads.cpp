#include "gateway/engine/site_threads.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace tributary::gateway::engine {
namespace {

constexpr std::chrono::milliseconds tick_interval{100};

std::size_t worker_count() {
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

SiteThreads::SiteThreads(boost::asio::io_context& io)
    : io_(io), timer_(io), sums_(worker_count()) {}

SiteThreads::~SiteThreads() {
  sums_.stop();
  helper_.stop();
  sums_.join();
  helper_.join();
}

Workers SiteThreads::workers() {
  return {submit_to(sums_), submit_to(helper_)};
}

Submit SiteThreads::submit_to(boost::asio::thread_pool& pool) {
  return [&io = io_, &pool](std::function<void()> work, std::function<void()> then) {
    boost::asio::post(pool, [&io, work = std::move(work), then = std::move(then)]() mutable {
      work();
      boost::asio::post(io, std::move(then));
    });
  };
}

void SiteThreads::run(Site& site) {
  writer_.emplace(io_, site.writer());
  tick(site);
}

void SiteThreads::tick(Site& site) {
  site.tick();
  timer_.expires_after(tick_interval);
  timer_.async_wait([this, &site](const boost::system::error_code& error) {
    if (!error) tick(site);
  });
}

}  // namespace tributary::gateway::engine
