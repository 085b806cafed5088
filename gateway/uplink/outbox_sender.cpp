#include "gateway/uplink/outbox_sender.hpp"

#include <algorithm>

#include "cloud/service/failpoint.hpp"
#include "gateway/uplink/question.hpp"

namespace tributary::gateway::uplink {
namespace {

constexpr std::uint32_t batch = 4;  // messages in memory at the same time
constexpr std::chrono::milliseconds idle{5'000};
constexpr std::chrono::milliseconds soon{250};
constexpr std::uint32_t attempts_on_the_line = 10;

}  // namespace

boost::asio::awaitable<void> OutboxSender::run() {
  for (std::uint32_t failures = 0;;) {
    Backlog backlog = co_await look();
    bool reachable = true;
    for (auto& entry : backlog.due) {
      auto message = std::make_shared<Message>(std::move(entry));
      reachable = co_await forward(message);
      if (!reachable) break;
      if (backlog.size.messages > batch) co_await pace_.wait(link_.pause());
    }
    failures = reachable ? 0 : failures + 1;
    if (!reachable) {
      co_await bell_.wait(link_.delay(failures));
    } else if (backlog.due.empty()) {
      co_await bell_.wait(until_next(backlog));
    }
  }
}

boost::asio::awaitable<OutboxSender::Backlog> OutboxSender::look() {
  std::function<Backlog(engine::Store&)> question = [at = now()](engine::Store& store) {
    auto& outbox = store.outbox();
    return Backlog{outbox.due(at, batch), outbox.size(), outbox.oldest(), outbox.next_attempt()};
  };
  Backlog backlog = co_await ask(site_.writer(), std::move(question));
  auto& metrics = link_.metrics();
  metrics.outbox_messages.Set(static_cast<double>(backlog.size.messages));
  metrics.outbox_bytes.Set(static_cast<double>(backlog.size.bytes));
  site_.outbox_holds(backlog.size);
  const std::chrono::duration<double> age =
      backlog.oldest ? now() - *backlog.oldest : std::chrono::milliseconds(0);
  metrics.outbox_oldest_seconds.Set(age.count());
  co_return backlog;
}

// A message that was put off is not to wait for the next look beyond its time.
std::chrono::milliseconds OutboxSender::until_next(const Backlog& backlog) const {
  if (!backlog.next_attempt) return idle;
  return std::clamp(*backlog.next_attempt - now(), soon, idle);
}

// It may be this message that cannot get through: others go first. While it may as well be the line, which
// comes back sooner than a message mends itself, it is not put off for long.
void OutboxSender::postpone(std::shared_ptr<Message> message, const HttpAnswer& answer) {
  const auto attempts = message->attempts + 1;
  const bool line = answer.status == 0 && attempts < attempts_on_the_line;
  const auto next = now() + link_.delay(line ? std::min(attempts, 3U) : attempts);
  site_.writer().commit([message, attempts, next, fault = answer.fault](engine::Store& store) {
    store.outbox().reschedule(message->key, next, attempts, fault);
  });
}

boost::asio::awaitable<bool> OutboxSender::forward(std::shared_ptr<Message> message) {
  HttpRequest request{"PUT", message->destination, std::string(text_of(message->content)),
                      std::chrono::seconds(60)};
  const bool others_pass = link_.reachable();
  const HttpAnswer answer = co_await link_.send(std::move(request));
  if (answer.passing()) {
    link_.metrics().forwarded("failed").Increment();
    // While nobody is reached the order stays, and nothing is written.
    if (answer.status != 0 || others_pass) postpone(message, answer);
    co_return false;
  }
  service::reach(service::Failpoint::outbox_answered);
  if (answer.good()) {
    link_.metrics().forwarded("delivered").Increment();
  } else {
    link_.metrics().forwarded("refused").Increment();
    link_.complain("message_refused", message->key, answer);
  }
  site_.writer().commit(
      [message](engine::Store& store) { store.outbox().delivered(message->key); });
  co_return true;
}

}  // namespace tributary::gateway::uplink
