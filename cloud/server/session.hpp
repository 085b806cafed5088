// One TLS connection and its requests.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include "cloud/server/front.hpp"

namespace tributary::cloud::server {

// Runs until the peer, a timeout or Front::stopping ends it. On the owner's thread. `front` and
// `tls` outlive it.
boost::asio::awaitable<void> serve(boost::asio::ip::tcp::socket socket, Plane plane,
                                   boost::asio::ssl::context& tls, Front& front);

}  // namespace tributary::cloud::server
