#include "cloud/cli/broker_login.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

namespace tributary::cli {

namespace asio = boost::asio;
using boost::system::error_code;

std::string broker_login_fault(const std::string& host, const std::string& port,
                               const fleet::BrokerCredential& credential) {
  asio::io_context io(1);
  asio::ip::tcp::resolver resolver(io);
  error_code unknown;
  const auto endpoints = resolver.resolve(host, port, unknown);
  if (unknown) return "cannot find the host: " + unknown.message();

  auto tls = fleet::make_psk_context();
  fleet::TlsStream stream(io, tls);
  fleet::use_credential(stream, credential);
  std::string fault = "no answer for 5 s";
  const auto handshake_ended = [&](error_code refused) {
    fault = refused ? "TLS failed (" + refused.message() +
                          "); is this identity in the broker's psk file, with this key?"
                    : "";
  };
  asio::async_connect(stream.next_layer(), endpoints, [&](error_code failed, const auto&) {
    if (failed) {
      fault = failed.message() + "; is the broker running, and is this its port?";
      return;
    }
    stream.async_handshake(asio::ssl::stream_base::client, handshake_ended);
  });
  io.run_for(std::chrono::seconds(5));
  return fault;
}

}  // namespace tributary::cli
