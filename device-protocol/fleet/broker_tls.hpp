// TLS with a pre-shared key per connection, as PROTOCOL.md 2 demands of a device.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <string>

namespace tributary::fleet {

using TlsStream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

struct BrokerCredential {
  std::string identity;  // hex of the device id
  std::array<unsigned char, 32> psk;
};

// TLS 1.2 client context that offers only ECDHE-PSK suites. Shared by all connections.
boost::asio::ssl::context make_psk_context();

// Makes `stream` authenticate with `credential`, which must stay alive and unmoved until the
// handshake is over.
void use_credential(TlsStream& stream, const BrokerCredential& credential);

}  // namespace tributary::fleet
