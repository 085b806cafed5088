#include "cloud/cli/plant_broker.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>

#include "cloud/cli/files.hpp"
#include "crypto/bytes.hpp"
#include "device-protocol/fleet/broker_session.hpp"

namespace tributary::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr seconds patience{10};
constexpr milliseconds quiet{400};  // after the last of what is retained

fleet::BrokerAddress address_of(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size()) {
    throw CommandFault("--broker: '" + text + "' is not HOST:PORT", 2);
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

fleet::BrokerCredential credential_of(const PlantAccess& access) {
  const auto key = from_hex(read_line(access.psk_file));
  fleet::BrokerCredential credential{access.identity, {}};
  if (!key || key->size() != credential.psk.size()) {
    throw CommandFault(access.psk_file +
                       ": not a key of 64 hexadecimal digits; it is one of the files " +
                       "operator.psk and viewer.psk that `tributary authority gateway` wrote");
  }
  std::ranges::copy(*key, credential.psk.begin());
  return credential;
}

}  // namespace

struct PlantBroker::Session {
  explicit Session(const PlantAccess& access)
      : io(1),
        tls(fleet::make_psk_context()),
        address(address_of(access.address)),
        credential(credential_of(access)) {
    fleet::SessionEvents events;
    events.connected = [this] { connected = true; };
    events.message = [this](fleet::BrokerMessage message) { heard.push_back(std::move(message)); };
    events.closed = [this](const std::string& why) { closed = why; };
    mqtt = fleet::BrokerSession::open(io, tls, address, credential, std::move(events));
    if (!run_until([this] { return connected; }, patience)) fail("no answer for 10 s");
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw CommandFault("broker " + address.host + ":" + address.port + ": " + why);
  }

  // False: the time is over.
  bool run_until(const std::function<bool()>& done, milliseconds longest) {
    const auto end = Clock::now() + longest;
    while (!done()) {
      if (!closed.empty()) fail(closed);
      if (Clock::now() >= end) return false;
      io.restart();
      io.run_one_for(milliseconds(50));
    }
    return true;
  }

  std::optional<fleet::BrokerMessage> next(milliseconds longest) {
    if (!run_until([this] { return !heard.empty(); }, longest)) return std::nullopt;
    auto message = std::move(heard.front());
    heard.pop_front();
    mqtt->taken();
    return message;
  }

  boost::asio::io_context io;
  boost::asio::ssl::context tls;
  const fleet::BrokerAddress address;
  const fleet::BrokerCredential credential;
  std::shared_ptr<fleet::BrokerSession> mqtt;
  std::deque<fleet::BrokerMessage> heard;
  bool connected = false;
  std::string closed;
};

PlantBroker::PlantBroker(const PlantAccess& access) : session_(std::make_unique<Session>(access)) {}

PlantBroker::~PlantBroker() {
  session_->mqtt->close();
  session_->io.restart();
  session_->io.run_for(seconds(1));
}

PlantBroker::Topics PlantBroker::retained(const std::vector<std::string>& filters) {
  for (const auto& filter : filters) session_->mqtt->subscribe(filter);
  Topics topics;
  milliseconds longest = 3 * quiet;  // the first takes a way there and back
  const auto end = Clock::now() + patience;
  while (Clock::now() < end) {
    auto message = session_->next(longest);
    if (!message) break;
    topics[message->topic] = {message->payload.begin(), message->payload.end()};
    longest = quiet;
  }
  for (const auto& filter : filters) session_->mqtt->unsubscribe(filter);
  return topics;
}

std::optional<std::string> PlantBroker::ask(const std::string& topic, const std::string& payload,
                                            const std::string& answers,
                                            const std::function<bool(const std::string&)>& wanted) {
  session_->mqtt->subscribe(answers);
  session_->mqtt->publish(topic,
                          {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()});
  const auto end = Clock::now() + patience;
  while (Clock::now() < end) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
    auto message = session_->next(std::max(left, milliseconds(1)));
    if (!message || message->topic != answers) continue;
    std::string text(message->payload.begin(), message->payload.end());
    if (wanted(text)) return text;
  }
  return std::nullopt;
}

}  // namespace tributary::cli
