#include "gateway/uplink/announcer.hpp"

#include <algorithm>

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
  co_return co_await announce_readiness();
}

// By value: the site's list may change while a request is on its way.
boost::asio::awaitable<bool> Announcer::announce_readiness() {
  const auto current = site_.readiness();
  std::erase_if(readiness_, [&](const auto& said) {
    return std::ranges::find(current, said.first, &engine::Readiness::group) == current.end();
  });
  for (const auto& one : current) {
    if (readiness_[one.group] == one.message) continue;
    const std::string target = "/v1/groups/" + one.group.hex();
    HttpRequest request{"PUT", target, one.message};
    const HttpAnswer answer = co_await link_.send(std::move(request));
    if (answer.passing()) co_return false;
    // Refused: the coordinator has a newer group, which comes with its work.
    if (!answer.good()) link_.complain("readiness_refused", target, answer);
    readiness_[one.group] = one.message;
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
