#include "cloud/cli/broker_login.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <cstring>
#include <optional>

#include "tributary/mqtt.h"

namespace tributary::cli {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

struct Credential {
  std::string identity;
  std::string psk;
};

unsigned int give_psk(SSL* ssl, const char*, char* identity, unsigned int identity_size,
                      unsigned char* psk, unsigned int psk_size) {
  const auto* credential = static_cast<const Credential*>(SSL_get_app_data(ssl));
  if (credential->identity.size() + 1 > identity_size || credential->psk.size() > psk_size)
    return 0;
  std::memcpy(identity, credential->identity.c_str(), credential->identity.size() + 1);
  std::memcpy(psk, credential->psk.data(), credential->psk.size());
  return static_cast<unsigned int>(credential->psk.size());
}

using Stream = boost::beast::ssl_stream<boost::beast::tcp_stream>;

// One attempt, as callbacks on a private loop: connect, handshake, CONNECT, CONNACK.
class Attempt {
 public:
  Attempt(asio::io_context& io, Credential credential)
      : context_(asio::ssl::context::tlsv12_client),
        resolver_(io),
        credential_(std::move(credential)) {
    SSL_CTX_set_psk_client_callback(context_.native_handle(), give_psk);
    SSL_CTX_set_cipher_list(context_.native_handle(),
                            "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256");
    stream_.emplace(io, context_);
    SSL_set_app_data(stream_->native_handle(), &credential_);
  }

  void start(const std::string& host, const std::string& port) {
    error_code error;
    const auto endpoints = resolver_.resolve(host, port, error);
    if (error) return ended("cannot find the host: " + error.message());
    lowest().expires_after(std::chrono::seconds(5));
    lowest().async_connect(endpoints, [this](error_code failed, const auto&) {
      if (failed) return ended(failed.message() + "; is the broker running, and is this its port?");
      stream_->async_handshake(asio::ssl::stream_base::client, [this](error_code refused) {
        if (refused)
          return ended("TLS failed (" + refused.message() +
                       "); is this identity in the broker's psk file?");
        send();
      });
    });
  }
  const std::string& fault() const { return fault_; }

 private:
  boost::beast::tcp_stream& lowest() { return boost::beast::get_lowest_layer(*stream_); }

  void send() {
    const auto size = trib_mqtt_connect(out_, sizeof out_, credential_.identity.c_str(),
                                        credential_.identity.c_str(), 10);
    asio::async_write(*stream_, asio::buffer(out_, size), [this](error_code error, std::size_t) {
      if (error) return ended("lost the connection: " + error.message());
      asio::async_read(*stream_, asio::buffer(in_),
                       [this](error_code failed, std::size_t read) { answered(failed, read); });
    });
  }

  void answered(error_code error, std::size_t size) {
    if (error) return ended("no answer to CONNECT: " + error.message());
    unsigned char body[8];
    trib_mqtt_reader reader;
    trib_mqtt_packet packet;
    std::size_t used = 0;
    trib_mqtt_reader_init(&reader, body, sizeof body);
    if (trib_mqtt_feed(&reader, in_, size, &used, &packet) != TRIB_OK ||
        packet.type != TRIB_MQTT_CONNACK) {
      return ended("what answers there is no MQTT broker");
    }
    ended(packet.code == 0 ? ""
                           : "the broker refuses the login, code " + std::to_string(packet.code));
  }

  void ended(const std::string& text) {
    fault_ = text;
    lowest().close();
  }

  asio::ssl::context context_;
  asio::ip::tcp::resolver resolver_;
  Credential credential_;
  std::optional<Stream> stream_;
  unsigned char out_[256] = {};
  unsigned char in_[4] = {};
  std::string fault_ = "no answer";
};

}  // namespace

std::string broker_login_fault(const std::string& host, const std::string& port,
                               const std::string& identity, const std::string& psk) {
  asio::io_context io(1);
  Attempt attempt(io, {identity, psk});
  attempt.start(host, port);
  io.run();
  return attempt.fault();
}

}  // namespace tributary::cli
