#include "gateway/uplink/uplink.hpp"

#include <boost/asio/co_spawn.hpp>

namespace tributary::gateway::uplink {
namespace {

// A loop that ends is a bug of ours: it must not go unnoticed.
void rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

Uplink::Uplink(boost::asio::io_context& io, const MakeAlarm& make_alarm, engine::Site& site,
               const engine::Clock& clock, Http http, Metrics& metrics, engine::Log log)
    : io_(io),
      link_(std::move(http), metrics, std::move(log)),
      announcer_(make_alarm(), site, link_),
      errands_(make_alarm(), site, clock, link_),
      work_(make_alarm(), site, link_, [this](const v1::Work& work) { errands_.want(work); }),
      outbox_(make_alarm(), make_alarm(), site, clock, link_) {
  // Whoever reached it first saves the others their waits.
  link_.on_return([this] {
    announcer_.again();
    work_.again();
    outbox_.grew();
  });
}

void Uplink::start() {
  boost::asio::co_spawn(io_, announcer_.run(), rethrow);
  boost::asio::co_spawn(io_, work_.run(), rethrow);
  boost::asio::co_spawn(io_, outbox_.run(), rethrow);
  boost::asio::co_spawn(io_, errands_.run(), rethrow);
}

}  // namespace tributary::gateway::uplink
