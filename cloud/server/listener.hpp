// Accepts connections of one plane.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <stdexcept>

#include "cloud/server/front.hpp"

namespace tributary::cloud::server {

// The address is in use, not ours, or not allowed; in words.
struct CannotListen : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Of the owner's thread, which runs `context`. `front` outlives it and its sessions.
class Listener {
 public:
  // Binds at once; throws CannotListen.
  Listener(boost::asio::io_context& context, const boost::asio::ip::tcp::endpoint& at, Plane plane,
           boost::asio::ssl::context tls, Front& front);

  boost::asio::ip::tcp::endpoint local_endpoint() const { return acceptor_.local_endpoint(); }
  void start();
  void stop() { acceptor_.close(); }

 private:
  boost::asio::awaitable<void> accept();

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  Plane plane_;
  boost::asio::ssl::context tls_;
  Front& front_;
};

}  // namespace tributary::cloud::server
