#include "cloud/server/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cloud/server/session.hpp"
#include "cloud/service/local_listener.hpp"

namespace tributary::cloud::server {
namespace {

namespace asio = boost::asio;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds breath{100};

asio::ip::tcp::acceptor bound(asio::io_context& context, const asio::ip::tcp::endpoint& at) {
  try {
    return {context, at};
  } catch (const boost::system::system_error& error) {
    const service::Address address{at.address().to_string(), at.port()};
    throw CannotListen(service::listen_fault(address, error.code().message()));
  }
}

}  // namespace

Listener::Listener(asio::io_context& context, const asio::ip::tcp::endpoint& at, Plane plane,
                   asio::ssl::context tls, Front& front)
    : context_(context),
      acceptor_(bound(context, at)),
      plane_(plane),
      tls_(std::move(tls)),
      front_(front) {}

void Listener::start() {
  asio::co_spawn(context_, accept(), asio::detached);
}

asio::awaitable<void> Listener::accept() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(quietly);
    if (!acceptor_.is_open()) co_return;
    if (error) {
      // Out of descriptors, most likely: the connections that close will free some.
      asio::steady_timer timer(context_, breath);
      const auto [ignored] = co_await timer.async_wait(quietly);
      (void)ignored;  // the timer is never cancelled
      continue;
    }
    boost::system::error_code without_delay;
    socket.set_option(asio::ip::tcp::no_delay(true), without_delay);
    auto session = serve(std::move(socket), plane_, tls_, front_);
    asio::co_spawn(context_, std::move(session), asio::detached);
  }
}

}  // namespace tributary::cloud::server
