// BrokerSession against a real Mosquitto on an ephemeral loopback port, TLS with pre-shared keys.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gateway/mqtt/broker_session.hpp"
#include "gateway/mqtt/outgoing.hpp"
#include "gateway/mqtt/reconnect_delay.hpp"

using namespace tributary;
using namespace tributary::gateway::mqtt;

namespace {

std::uint16_t free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(listener, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(listener);
  return ntohs(address.sin_port);
}

class Mosquitto {
 public:
  Mosquitto() : port(free_port()) {
    std::string name =
        (std::filesystem::temp_directory_path() / "tributary-broker-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::filesystem::permissions(folder_, std::filesystem::perms::all);
    std::ofstream(folder_ / "psk")
        << "gateway:" << std::string(64, 'a') << "\ndevice:" << std::string(64, 'b') << "\n";
    std::ofstream(folder_ / "conf")
        << "listener " << port << " 127.0.0.1\npsk_hint tributary\n"
        << "psk_file " << (folder_ / "psk").string() << "\nuse_identity_as_username true\n"
        << "use_username_as_clientid true\nallow_anonymous true\n";
    start();
  }
  ~Mosquitto() {
    stop();
    std::filesystem::remove_all(folder_);
  }
  void start() {
    process_ = ::fork();
    if (process_ == 0) {
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(nowhere, 1);
      ::dup2(nowhere, 2);
      ::execlp("mosquitto", "mosquitto", "-c", (folder_ / "conf").c_str(), nullptr);
      ::_exit(127);
    }
  }
  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }

  const std::uint16_t port;

 private:
  std::filesystem::path folder_;
  pid_t process_ = 0;
};

BrokerPsk psk(char digit) {
  return *BrokerPsk::from(ByteView(*from_hex(std::string(64, digit))));
}

// A session that writes down what it hears.
struct Listener {
  Listener(boost::asio::io_context& io, std::uint16_t port, const std::string& identity, char digit,
           std::size_t inbox_bytes = 1 << 20)
      : session(io, {"127.0.0.1", port, identity, psk(digit), inbox_bytes},
                {[this](std::string_view topic, std::string_view payload, bool retained) {
                   messages.push_back({std::string(topic), std::string(payload), retained});
                 },
                 [this] { ++connects; }, [this](const std::string& why) { fault = why; }}) {
    session.start();
  }
  std::vector<Packet> messages;
  int connects = 0;
  std::string fault;
  BrokerSession session;
};

bool until(boost::asio::io_context& io, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    io.run_one_for(std::chrono::milliseconds(10));
    io.restart();
  }
  return true;
}

}  // namespace

TEST_CASE("messages pass both ways, and a restarted broker is found again") {
  Mosquitto broker;
  boost::asio::io_context io;
  Listener gateway(io, broker.port, "gateway", 'a');
  Listener device(io, broker.port, "device", 'b');
  REQUIRE(until(io, [&] { return gateway.connects == 1 && device.connects == 1; }));

  gateway.session.subscribe("up/#");
  device.session.subscribe("site/#");
  for (int i = 0; i < 300; ++i) {
    gateway.session.publish_retained("site/" + std::to_string(i), std::string(1000, 'x'));
  }
  REQUIRE(until(io, [&] { return device.messages.size() >= 300; }));
  device.session.publish("up/header", std::string("a\0b", 3));
  REQUIRE(until(io, [&] { return !gateway.messages.empty(); }));
  CHECK(gateway.messages[0].topic == "up/header");
  CHECK(gateway.messages[0].payload == std::string("a\0b", 3));
  CHECK_FALSE(gateway.messages[0].retained);

  broker.stop();
  REQUIRE(until(io, [&] { return !gateway.session.connected(); }));
  CHECK_FALSE(gateway.fault.empty());
  gateway.session.publish("down/lost", "nobody hears it");
  broker.start();
  REQUIRE(until(io, [&] { return gateway.connects == 2 && device.connects == 2; }));
  gateway.session.subscribe("up/#");
  device.session.publish("up/again", "2");
  REQUIRE(until(io, [&] { return gateway.messages.size() == 2; }));
}

TEST_CASE("what was retained in another life is delivered as retained") {
  Mosquitto broker;
  boost::asio::io_context io;
  {
    Listener earlier(io, broker.port, "gateway", 'a');
    Listener witness(io, broker.port, "device", 'b');
    REQUIRE(until(io, [&] { return earlier.connects == 1 && witness.connects == 1; }));
    witness.session.subscribe("site/keys");
    earlier.session.publish_retained("site/keys", "old");
    REQUIRE(until(io, [&] { return !witness.messages.empty(); }));
  }
  Listener gateway(io, broker.port, "gateway", 'a');
  REQUIRE(until(io, [&] { return gateway.connects == 1; }));
  gateway.session.subscribe("site/#");
  REQUIRE(until(io, [&] { return !gateway.messages.empty(); }));
  CHECK(gateway.messages[0].retained);
}

TEST_CASE("a wrong key or no broker is a fault in words, not an end") {
  Mosquitto broker;
  boost::asio::io_context io;
  Listener wrong(io, broker.port, "gateway", 'c');
  Listener nobody(io, free_port(), "gateway", 'a');
  CHECK(until(io, [&] { return !wrong.fault.empty() && !nobody.fault.empty(); }));
  CHECK(wrong.connects == 0);
  CHECK_FALSE(wrong.session.connected());
}

TEST_CASE("what does not fit into the inbox is dropped and counted") {
  Mosquitto broker;
  boost::asio::io_context io;
  Listener gateway(io, broker.port, "gateway", 'a', 5000);
  Listener device(io, broker.port, "device", 'b');
  REQUIRE(until(io, [&] { return gateway.connects == 1 && device.connects == 1; }));
  gateway.session.subscribe("up/#");
  device.session.publish("up/chunk", std::string(6000, 'x'));
  REQUIRE(until(io, [&] { return gateway.session.dropped() == 1; }));
  device.session.publish("up/chunk", std::string(4000, 'x'));
  CHECK(until(io, [&] { return gateway.messages.size() == 1; }));
  CHECK(gateway.session.inbox_bytes() == 0);
}

TEST_CASE("answers overtake retained state, and few are in flight") {
  Outgoing outgoing;
  for (int i = 0; i < 100; ++i) outgoing.push(Outgoing::Urgency::retained, {"r", "", true});
  outgoing.push(Outgoing::Urgency::answer, {"a", "", false});
  CHECK(outgoing.next()->topic == "a");
  std::size_t taken = 1;
  while (outgoing.next()) ++taken;
  CHECK(taken == Outgoing::most_in_flight);
  outgoing.acknowledged(outgoing.generation() - 1);
  CHECK_FALSE(outgoing.next());
  outgoing.acknowledged(outgoing.generation());
  CHECK(outgoing.next()->topic == "r");
  outgoing.clear();
  CHECK_FALSE(outgoing.next());
}

TEST_CASE("reconnect delays double, stay within their step and below 8 s") {
  CHECK(reconnect_delay(1, 0.0).count() == 125);
  CHECK(reconnect_delay(2, 0.0).count() == 250);
  CHECK(reconnect_delay(100, 0.999).count() <= 8000);
  CHECK(reconnect_delay(100, 0.999).count() > 7900);
}
