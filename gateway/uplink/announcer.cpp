#include "gateway/uplink/announcer.hpp"

namespace tributary::gateway::uplink {

boost::asio::awaitable<void> Announcer::run() {
  for (std::uint32_t failures = 0;;) {
    const bool done = co_await announce();
    failures = done ? 0 : failures + 1;
    co_await bell_.wait(done ? std::chrono::milliseconds(60'000) : link_.delay(failures));
  }
}

boost::asio::awaitable<bool> Announcer::announce() {
  if (const std::string keys = site_.keys(); keys != keys_) {
    const bool accepted = co_await put("/v1/gateway/keys", keys);
    if (!accepted) co_return false;
    keys_ = keys;
  }
  const auto roster = site_.roster();
  if (roster != nullptr && roster->hash != roster_) {
    const bool accepted = co_await put("/v1/gateway/roster", roster->content);
    if (!accepted) co_return false;
    roster_ = roster->hash;
  }
  co_return true;
}

boost::asio::awaitable<bool> Announcer::put(std::string target, std::string body) {
  HttpRequest request{"PUT", target, std::move(body)};
  const HttpAnswer answer = co_await link_.send(std::move(request));
  if (!answer.good() && answer.status != 0) {
    link_.complain("announcement_refused", target, answer);
  }
  co_return answer.good();
}

}  // namespace tributary::gateway::uplink
