#include "gateway/mqtt/broker_session.hpp"

#include <mqtt/async_client.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <random>
#include <thread>

#include "gateway/mqtt/outgoing.hpp"
#include "gateway/mqtt/reconnect_delay.hpp"

namespace tributary::gateway::mqtt {
namespace {

// ECDHE on top of the key: recorded traffic stays closed when the key leaks. Mosquitto refuses plain PSK.
constexpr auto ciphers = "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256";
constexpr int qos = 1;
// What Paho and we keep beside topic and payload: without it a flood of empty messages would not fill the inbox.
constexpr std::size_t message_overhead = 512;
constexpr std::chrono::seconds connect_timeout{5};

}  // namespace

// Shared with what is posted, so that a late callback finds either the session or nothing. Functions
// named on_* run on Paho's threads: they copy, post and return.
class BrokerSession::Paho final : public std::enable_shared_from_this<Paho>,
                                  public virtual ::mqtt::callback,
                                  public virtual ::mqtt::iaction_listener {
 public:
  Paho(boost::asio::io_context& io, BrokerOptions options, BrokerListener listener)
      : io_(io),
        options_(std::move(options)),
        listener_(std::move(listener)),
        timer_(io),
        client_("ssl://" + options_.host + ":" + std::to_string(options_.port), options_.identity,
                ::mqtt::create_options(MQTTVERSION_3_1_1, 0)) {
    configure();
    client_.set_callback(*this);
  }

  // Paho C++ 1.2.0 gives the C library a pointer to the TLS options inside the argument of connect(),
  // which calls back through it during the handshake. The argument lives as long as the expression
  // it stands in, so that expression lasts until the attempt is over, on a thread of its own.
  void connect() {
    if (closed_) return;
    if (attempt_.joinable()) attempt_.join();
    reported_ = false;
    attempt_ = std::thread([this] {
      try {
        client_.connect(connect_options_, nullptr, *this)->wait_for(4 * connect_timeout);
        if (!reported_) on_attempt_failed("no answer");
      } catch (const ::mqtt::exception& error) {
        if (!reported_) on_attempt_failed(error.what());
      }
    });
  }

  void close() {
    closed_ = true;
    timer_.cancel();
    try {
      if (connected_) {
        farewell_ = client_.disconnect(500);
        farewell_->wait_for(std::chrono::seconds(2));
      }
    } catch (const ::mqtt::exception&) {
      connected_ = false;  // it was lost at the same moment: the aim is reached
    }
    if (attempt_.joinable()) attempt_.join();
    silence();
  }

  bool is_connected() const { return connected_; }

  void subscribe(const std::string& filter) {
    attempt([&] { client_.subscribe(filter, qos); });
  }
  void unsubscribe(const std::string& filter) {
    attempt([&] { client_.unsubscribe(filter); });
  }
  void publish(Outgoing::Urgency urgency, std::string topic, std::string payload, bool retained) {
    if (!connected_) return;
    outgoing_.push(urgency, {std::move(topic), std::move(payload), retained});
    pump();
  }

  std::size_t inbox_bytes() const { return inbox_bytes_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  void configure() {
    ::mqtt::ssl_options tls;
    tls.set_enabled_cipher_suites(ciphers);
    tls.set_ssl_version(MQTT_SSL_VERSION_TLS_1_2);
    tls.set_enable_server_cert_auth(false);  // the key authenticates both sides
    tls.set_psk_handler([this](const std::string&, char* identity, std::size_t identity_size,
                               unsigned char* psk, std::size_t psk_size) -> unsigned {
      const auto key = options_.psk.expose();
      if (options_.identity.size() >= identity_size || key.size() > psk_size) return 0;
      std::copy_n(options_.identity.c_str(), options_.identity.size() + 1, identity);
      std::copy(key.begin(), key.end(), psk);
      return static_cast<unsigned>(key.size());
    });
    // One long-lived object, set up in place: Paho C++ 1.2.0 loses parts of options that are copied.
    connect_options_.set_ssl(tls);
    connect_options_.set_clean_session(true);
    connect_options_.set_mqtt_version(MQTTVERSION_3_1_1);
    connect_options_.set_keep_alive_interval(15);
    connect_options_.set_connect_timeout(connect_timeout);
    connect_options_.set_max_inflight(1000);
    connect_options_.set_automatic_reconnect(false);
  }

  // Paho refuses this, with an exception, while its own thread is still taking the connection down.
  void silence() {
    for (int tries = 0; tries < 100; ++tries) {
      try {
        return client_.disable_callbacks();
      } catch (const ::mqtt::exception&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
  }

  template <class Action>
  void post(Action action) {
    boost::asio::post(io_, [weak = weak_from_this(), action = std::move(action)] {
      if (const auto self = weak.lock(); self && !self->closed_) action(*self);
    });
  }

  // A connection lost this moment is reported by Paho as well; what is asked now is asked again.
  template <class Action>
  void attempt(Action action) {
    if (!connected_) return;
    try {
      action();
    } catch (const ::mqtt::exception& error) {
      lost(error.what());
    }
  }

  void up() {
    if (connected_) return;  // Paho may report one connection twice
    connected_ = true;
    failures_ = 0;
    outgoing_.clear();
    listener_.connected();
  }

  void lost(const std::string& why) {
    connected_ = false;
    outgoing_.clear();
    ++failures_;
    listener_.disconnected(why);
    timer_.expires_after(reconnect_delay(failures_, chance_(random_)));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->connect();
    });
  }

  void pump() {
    while (auto packet = outgoing_.next()) {
      attempt([&] {
        client_.publish(packet->topic, packet->payload.data(), packet->payload.size(), qos,
                        packet->retained, as_context(outgoing_.generation()), *this);
      });
      if (!connected_) return;
    }
  }

  // Paho hands the pointer back with the acknowledgement; it is a number to us.
  static void* as_context(std::uintptr_t generation) { return reinterpret_cast<void*>(generation); }

  // ::mqtt::callback
  void message_arrived(::mqtt::const_message_ptr message) override {
    const std::size_t size =
        message->get_payload_ref().size() + message->get_topic().size() + message_overhead;
    if (inbox_bytes_ + size > options_.inbox_bytes) {
      ++dropped_;
      return;
    }
    inbox_bytes_ += size;
    post([message = std::move(message), size](Paho& self) {
      self.inbox_bytes_ -= size;
      const auto& payload = message->get_payload_ref();
      self.listener_.message(message->get_topic(), {payload.data(), payload.size()},
                             message->is_retained());
    });
  }
  void connection_lost(const std::string& cause) override {
    post([why = cause.empty() ? std::string("connection lost") : cause](Paho& self) {
      if (self.connected_) self.lost(why);
    });
  }

  // ::mqtt::iaction_listener, for connect and publish
  void on_success(const ::mqtt::token& token) override {
    if (token.get_type() != ::mqtt::token::Type::CONNECT) return acknowledged(token);
    reported_ = true;
    post([](Paho& self) { self.up(); });
  }
  void on_failure(const ::mqtt::token& token) override {
    if (token.get_type() != ::mqtt::token::Type::CONNECT) return acknowledged(token);
    on_attempt_failed(::mqtt::exception::error_str(token.get_return_code()));
  }
  void on_attempt_failed(std::string why) {
    reported_ = true;
    post([why = std::move(why)](Paho& self) { self.lost(why); });
  }
  void acknowledged(const ::mqtt::token& token) {
    post([generation = reinterpret_cast<std::uintptr_t>(token.get_user_context())](Paho& self) {
      self.outgoing_.acknowledged(generation);
      self.pump();
    });
  }

  boost::asio::io_context& io_;
  BrokerOptions options_;
  BrokerListener listener_;
  // Paho's thread is still inside the token when wait_for() returns: it must outlive the client.
  ::mqtt::token_ptr farewell_;
  ::mqtt::connect_options connect_options_;
  boost::asio::steady_timer timer_;
  std::thread attempt_;
  std::atomic<bool> reported_{false};  // the outcome of the attempt has been posted
  Outgoing outgoing_;
  bool connected_ = false;
  bool closed_ = false;
  std::uint32_t failures_ = 0;
  std::mt19937 random_{std::random_device{}()};
  std::uniform_real_distribution<double> chance_{0.0, 1.0};
  std::atomic<std::size_t> inbox_bytes_{0};
  std::atomic<std::uint64_t> dropped_{0};
  ::mqtt::async_client client_;  // last: what its threads call back into outlives it
};

BrokerSession::BrokerSession(boost::asio::io_context& io, BrokerOptions options,
                             BrokerListener listener)
    : paho_(std::make_shared<Paho>(io, std::move(options), std::move(listener))) {}

BrokerSession::~BrokerSession() {
  paho_->close();
}

void BrokerSession::start() {
  paho_->connect();
}
bool BrokerSession::connected() const {
  return paho_->is_connected();
}
void BrokerSession::subscribe(const std::string& filter) {
  paho_->subscribe(filter);
}
void BrokerSession::unsubscribe(const std::string& filter) {
  paho_->unsubscribe(filter);
}
void BrokerSession::publish(std::string topic, std::string payload) {
  paho_->publish(Outgoing::Urgency::answer, std::move(topic), std::move(payload), false);
}
void BrokerSession::publish_retained(std::string topic, std::string payload) {
  paho_->publish(Outgoing::Urgency::retained, std::move(topic), std::move(payload), true);
}
std::size_t BrokerSession::inbox_bytes() const {
  return paho_->inbox_bytes();
}
std::uint64_t BrokerSession::dropped() const {
  return paho_->dropped();
}

}  // namespace tributary::gateway::mqtt
