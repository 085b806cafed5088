// What the parts of the uplink share: the client, whether it reaches anybody, and how long to wait
// when it does not.
#pragma once

#include <functional>

#include "crypto/secret.hpp"
#include "gateway/engine/log.hpp"
#include "gateway/metrics.hpp"
#include "gateway/uplink/http.hpp"
#include "storage/backoff.hpp"

namespace tributary::gateway::uplink {

class Link {
 public:
  Link(Http http, Metrics& metrics, engine::Log log)
      : http_(std::move(http)), metrics_(metrics), log_(std::move(log)) {}

  // Every request of the uplink goes through here.
  boost::asio::awaitable<HttpAnswer> send(HttpRequest request) {
    HttpAnswer answer = co_await http_(std::move(request));
    note(answer);
    co_return answer;
  }

  bool reachable() const { return reachable_; }
  const std::string& fault() const { return fault_; }
  // Runs when the coordinator is reached again; it may have forgotten us meanwhile.
  void on_return(std::function<void()> action) { on_return_ = std::move(action); }

  std::chrono::milliseconds delay(std::uint32_t failures) {
    constexpr storage::Backoff backoff{std::chrono::milliseconds(1000),
                                       std::chrono::milliseconds(30'000)};
    return storage::backoff_delay(backoff, failures, chance()) + std::chrono::milliseconds(100);
  }
  // Between two messages of a backlog: 25 to 100 ms.
  static std::chrono::milliseconds pause() {
    return std::chrono::milliseconds(25 + static_cast<int>(75 * chance()));
  }
  Metrics& metrics() { return metrics_; }

  // One line about something the coordinator said. Not a coroutine: g++ 12 keeps no lists in those.
  void complain(std::string_view event, const std::string& subject,
                const HttpAnswer& answer) const {
    log_(engine::Severity::warning, event,
         {{"subject", subject}, {"status", answer.status}, {"reason", answer.fault}});
  }
  void complain(std::string_view event, const std::string& text) const {
    log_(engine::Severity::warning, event, {{"reason", text}});
  }

 private:
  static double chance() {  // in [0, 1)
    std::array<std::uint8_t, 2> bytes;
    crypto::fill_random(bytes);
    return (bytes[0] * 256.0 + bytes[1]) / 65536.0;
  }
  // One line per change, whatever the number of requests.
  void note(const HttpAnswer& answer) {
    const bool reached = answer.status != 0;
    if (!reached) fault_ = answer.fault;
    if (reached == reachable_ && told_) return;
    if (reached) {
      log_(engine::Severity::info, "coordinator_reached", {});
      if (on_return_) on_return_();
    } else {
      log_(engine::Severity::warning, "coordinator_not_reachable",
           {{"reason", answer.fault}, {"next", "trying again until it answers"}});
    }
    told_ = true;
    reachable_ = reached;
    metrics_.coordinator_reachable.Set(reached ? 1 : 0);
  }

  Http http_;
  Metrics& metrics_;
  engine::Log log_;
  std::function<void()> on_return_;
  bool reachable_ = false;
  bool told_ = false;
  std::string fault_ = "not tried yet";
};

}  // namespace tributary::gateway::uplink
