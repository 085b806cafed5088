// HTTPS between gateways and the coordinator in memory: requests and answers are late, lost or cut off.
#pragma once

#include <map>
#include <set>

#include "gateway/uplink/http.hpp"
#include "tests/sim/centre.hpp"

namespace tributary::sim {

class Https {
 public:
  using Request = gateway::uplink::HttpRequest;
  using Answer = gateway::uplink::HttpAnswer;

  Https(Nature& nature, Centre& centre);

  // The client of one life of a gateway.
  gateway::uplink::Http client(const GatewayId& gateway, const Life& life);
  // `done` runs once, unless `life` ends: with status 0 when the request or its answer is lost.
  void send(const GatewayId& gateway, const Life& life, Request request,
            std::function<void(Answer)> done);

  std::set<GatewayId> cut;  // nothing passes

  // Sees every request as it leaves.
  std::function<void(const GatewayId&, const Request&)> witness = [](const auto&, const auto&) {};

  // ---- for attackers who own an end
  std::function<void(const GatewayId&, Request&)> on_request = [](const auto&, auto&) {};
  std::function<void(const GatewayId&, const Request&, Answer&)> on_answer =
      [](const auto&, const auto&, auto&) {};

 private:
  struct Exchange;
  void arrive(const std::shared_ptr<Exchange>& exchange);
  void answer(const std::shared_ptr<Exchange>& exchange, cloud::server::Answer answer);
  void finish(const std::shared_ptr<Exchange>& exchange, Answer answer);
  bool lost(const GatewayId& gateway);

  Nature& nature_;
  Centre& centre_;
  std::map<std::uint64_t, std::shared_ptr<Exchange>>
      waiting_;  // for the coordinator's answer, by number
  std::uint64_t sent_ = 0;
};

}  // namespace tributary::sim
