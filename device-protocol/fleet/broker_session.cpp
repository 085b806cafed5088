#include "device-protocol/fleet/broker_session.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

namespace tributary::fleet {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::seconds;

constexpr seconds kConnectTimeout{20};
constexpr seconds kPingEvery{25};
constexpr std::uint16_t kKeepAliveSeconds = 60;
constexpr std::size_t kMostWaitingBytes = std::size_t{1} << 20;
constexpr std::size_t kMostUntaken = 64;

}  // namespace

BrokerSession::BrokerSession(asio::io_context& io, asio::ssl::context& tls,
                             const BrokerAddress& address, const BrokerCredential& credential,
                             SessionEvents events, LastWill will)
    : io_(io),
      resolver_(io),
      stream_(io, tls),
      timer_(io),
      address_(address),
      credential_(credential),
      events_(std::move(events)),
      will_(std::move(will)) {
  use_credential(stream_, credential_);
}

std::shared_ptr<BrokerSession> BrokerSession::open(asio::io_context& io, asio::ssl::context& tls,
                                                   const BrokerAddress& address,
                                                   const BrokerCredential& credential,
                                                   SessionEvents events, LastWill will) {
  std::shared_ptr<BrokerSession> session(
      new BrokerSession(io, tls, address, credential, std::move(events), std::move(will)));
  asio::post(io, [session] { session->resolve(); });
  return session;
}

void BrokerSession::resolve() {
  if (ended_) return;
  timer_.expires_after(kConnectTimeout);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && !self->up_) self->end("no answer for 20 s");
  });
  resolver_.async_resolve(address_.host, address_.port,
                          [self = shared_from_this()](error_code error, const auto& endpoints) {
                            if (self->ended_) return;
                            if (error)
                              return self->end("cannot resolve the broker: " + error.message());
                            self->connect(endpoints);
                          });
}

void BrokerSession::connect(const asio::ip::tcp::resolver::results_type& endpoints) {
  asio::async_connect(stream_.next_layer(), endpoints,
                      [self = shared_from_this()](error_code error, const auto&) {
                        if (self->ended_) return;
                        if (error) return self->end("cannot connect: " + error.message());
                        self->handshake();
                      });
}

void BrokerSession::handshake() {
  error_code ignored;
  stream_.next_layer().set_option(asio::ip::tcp::no_delay(true), ignored);
  stream_.async_handshake(
      asio::ssl::stream_base::client, [self = shared_from_this()](error_code error) {
        if (self->ended_) return;
        if (error)
          return self->end("TLS handshake: " + error.message() +
                           "; does the broker know this identity and its key?");
        self->outgoing_.push_back(
            connect_packet(self->credential_.identity, kKeepAliveSeconds, self->will_));
        self->waiting_bytes_ += self->outgoing_.back().size();
        self->write();
        self->read();
      });
}

void BrokerSession::read() {
  stream_.async_read_some(asio::buffer(piece_),
                          [self = shared_from_this()](error_code error, std::size_t size) {
                            if (self->ended_) return;
                            if (error) return self->end("connection lost: " + error.message());
                            if (!self->digest(std::span(self->piece_).first(size))) return;
                            self->paused_ = self->untaken_ >= kMostUntaken;
                            if (!self->paused_) self->read();
                          });
}

bool BrokerSession::digest(std::span<const std::uint8_t> bytes) {
  reader_.feed(bytes);
  while (auto packet = reader_.next()) {
    if (!on_packet(std::move(*packet))) return false;
  }
  if (reader_.broken()) end("the broker sent something that is not MQTT");
  return !ended_;
}

bool BrokerSession::on_packet(MqttPacket packet) {
  if (const auto* answer = std::get_if<ConnectAnswer>(&packet)) {
    if (answer->code != 0) {
      end("the broker refused the session with code " + std::to_string(answer->code));
      return false;
    }
    up_ = true;
    keep_alive();
    events_.connected();
  } else if (auto* publish = std::get_if<IncomingPublish>(&packet)) {
    if (publish->packet_id != 0) enqueue(acknowledge_packet(publish->packet_id));
    ++untaken_;
    events_.message({std::move(publish->topic), std::move(publish->payload)});
  }
  return !ended_;
}

bool BrokerSession::publish(const std::string& topic, std::span<const std::uint8_t> payload) {
  return enqueue(publish_packet(topic, payload, next_packet_id()));
}

bool BrokerSession::publish_retained(const std::string& topic,
                                     std::span<const std::uint8_t> payload) {
  return enqueue(retained(publish_packet(topic, payload, next_packet_id())));
}

bool BrokerSession::subscribe(const std::string& topic) {
  return enqueue(subscribe_packet(topic, next_packet_id()));
}

bool BrokerSession::unsubscribe(const std::string& topic) {
  return enqueue(unsubscribe_packet(topic, next_packet_id()));
}

std::uint16_t BrokerSession::next_packet_id() {
  for (;;) {
    if (const std::uint16_t id = ++last_id_; id != 0) return id;
  }
}

bool BrokerSession::enqueue(std::string packet) {
  if (!up_ || waiting_bytes_ > kMostWaitingBytes) return false;
  waiting_bytes_ += packet.size();
  asio::post(io_, [self = shared_from_this(), packet = std::move(packet)]() mutable {
    if (self->ended_) return;
    self->outgoing_.push_back(std::move(packet));
    self->write();
  });
  return true;
}

void BrokerSession::write() {
  if (writing_ || outgoing_.empty()) return;
  writing_ = true;
  asio::async_write(stream_, asio::buffer(outgoing_.front()),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      if (self->ended_) return;
                      self->writing_ = false;
                      if (error) return self->end("connection lost: " + error.message());
                      self->waiting_bytes_ -= self->outgoing_.front().size();
                      self->outgoing_.pop_front();
                      if (self->outgoing_.empty() && self->closing_) return self->cut();
                      self->write();
                    });
}

void BrokerSession::keep_alive() {
  timer_.expires_after(kPingEvery);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->ended_) return;
    self->enqueue(ping_packet());
    self->keep_alive();
  });
}

void BrokerSession::taken() {
  asio::post(io_, [self = shared_from_this()] {
    --self->untaken_;
    if (self->ended_ || !self->paused_ || self->untaken_ > kMostUntaken / 2) return;
    self->paused_ = false;
    self->read();
  });
}

void BrokerSession::abort() {
  asio::post(io_, [self = shared_from_this()] {
    error_code ignored;
    self->stream_.next_layer().set_option(asio::socket_base::linger(true, 0), ignored);
    self->cut();
  });
}

void BrokerSession::close() {
  asio::post(io_, [self = shared_from_this()] {
    if (self->ended_) return;
    if (!self->up_) return self->cut();
    self->closing_ = true;
    self->outgoing_.push_back(disconnect_packet());
    self->waiting_bytes_ += self->outgoing_.back().size();
    self->write();
  });
}

void BrokerSession::end(const std::string& why) {
  if (ended_) return;
  auto closed = std::move(events_.closed);
  cut();
  closed(why);
}

void BrokerSession::cut() {
  if (ended_) return;
  ended_ = true;
  up_ = false;
  error_code ignored;
  timer_.cancel();
  resolver_.cancel();
  stream_.next_layer().close(ignored);
  events_ = {};
}

}  // namespace tributary::fleet
