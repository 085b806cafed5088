#include "tests/sim/https.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cloud/api/problem.hpp"

namespace tributary::sim {

struct Https::Exchange {
  GatewayId gateway;
  Life life;
  Request request;
  std::function<void(Answer)> done;  // empty: over
  std::uint64_t number;              // order of sending
};

Https::Https(Nature& nature, Centre& centre) : nature_(nature), centre_(centre) {
  centre_.on_end = [this] {
    auto broken = std::exchange(waiting_, {});
    for (const auto& [number, exchange] : broken) finish(exchange, {0, {}, "connection reset"});
  };
}

gateway::uplink::Http Https::client(const GatewayId& gateway, const Life& life) {
  return [this, gateway, life](Request request) -> boost::asio::awaitable<Answer> {
    auto initiate = [this, gateway, life, sent = std::move(request)](auto resume) mutable {
      auto then = std::make_shared<decltype(resume)>(std::move(resume));
      send(gateway, life, std::move(sent),
           [then](Answer answer) { std::move (*then)(std::move(answer)); });
    };
    return boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void(Answer)>(
        std::move(initiate), boost::asio::use_awaitable);
  };
}

bool Https::lost(const GatewayId& gateway) {
  return cut.contains(gateway) || nature_.chance.happens(nature_.weather.loss);
}

void Https::send(const GatewayId& gateway, const Life& life, Request request,
                 std::function<void(Answer)> done) {
  on_request(gateway, request);
  witness(gateway, request);
  auto exchange = std::make_shared<Exchange>(
      Exchange{gateway, life, std::move(request), std::move(done), ++sent_});
  nature_.timeline.after(exchange->request.patience, [this, exchange] {
    waiting_.erase(exchange->number);
    if (exchange->done) finish(exchange, {0, {}, "no answer in time"});
  });
  if (!*life || lost(gateway)) return;
  nature_.timeline.after(nature_.trip(), [this, exchange] { arrive(exchange); });
}

void Https::arrive(const std::shared_ptr<Exchange>& exchange) {
  if (!exchange->done) return;
  if (!centre_.running()) return finish(exchange, {0, {}, "connection refused"});
  waiting_.emplace(exchange->number, exchange);
  const auto& request = exchange->request;
  centre_.ask(
      exchange->gateway, request.method, request.target, request.body,
      [this, exchange](cloud::server::Answer reply) { answer(exchange, std::move(reply)); });
}

void Https::answer(const std::shared_ptr<Exchange>& exchange, cloud::server::Answer reply) {
  waiting_.erase(exchange->number);
  Answer answer;
  answer.status = reply.status;
  if (!answer.good()) answer.fault = api::problem_text(reply.status, reply.body);
  answer.body = std::move(reply.body);
  on_answer(exchange->gateway, exchange->request, answer);
  if (lost(exchange->gateway)) return;
  finish(exchange, std::move(answer));
}

void Https::finish(const std::shared_ptr<Exchange>& exchange, Answer answer) {
  auto done = std::make_shared<std::function<void(Answer)>>(std::exchange(exchange->done, {}));
  if (!*done) return;
  const auto& target = exchange->request.target;
  if (exchange->request.method == "PUT" || answer.status == 0) {
    nature_.note(exchange->gateway.hex().substr(0, 4) + " " + exchange->request.method + " " +
                 target + ": " + std::to_string(answer.status) + " " + answer.fault);
  }
  nature_.timeline.after(exchange->life, nature_.trip(),
                         [done, answer = std::move(answer)] { (*done)(answer); });
}

}  // namespace tributary::sim
