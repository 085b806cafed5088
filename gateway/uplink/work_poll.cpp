#include "gateway/uplink/work_poll.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

namespace tributary::gateway::uplink {
namespace {

constexpr int wait_seconds = 25;
// Between polls, should the coordinator answer at once every time.
constexpr std::chrono::milliseconds breath{20};
constexpr std::chrono::milliseconds unchanged_pause{250};

std::string work_target(const std::string& seen) {
  return "/v1/gateway/work?seen=" + boost::urls::encode(seen, boost::urls::unreserved_chars) +
         "&wait=" + std::to_string(wait_seconds);
}

}  // namespace

boost::asio::awaitable<void> WorkPoll::run() {
  for (std::uint32_t failures = 0;;) {
    const std::string seen_before = seen_;
    const bool done = co_await poll();
    failures = done ? 0 : failures + 1;
    if (!done) seen_.clear();
    const bool same = done && seen_ == seen_before;
    co_await pause_.wait(same ? unchanged_pause : done ? breath : link_.delay(failures));
  }
}

boost::asio::awaitable<bool> WorkPoll::poll() {
  HttpRequest request{"GET", work_target(seen_), {}, std::chrono::seconds(wait_seconds + 15)};
  const HttpAnswer answer = co_await link_.send(std::move(request));
  if (!answer.good()) {
    if (answer.status != 0) {
      link_.complain("work_refused", "/v1/gateway/work", answer);
    }
    co_return false;
  }
  auto work = std::make_shared<v1::Work>();
  if (!work->ParseFromString(answer.body)) {
    link_.complain("work_undecodable", "/v1/gateway/work", answer);
    co_return false;
  }
  const bool complete = co_await take_in(work);
  if (complete) seen_ = work->version();
  co_return complete;
}

boost::asio::awaitable<bool> WorkPoll::take_in(std::shared_ptr<const v1::Work> work) {
  auto fresh = site_.take(*work);
  helper_work_(*work);
  bool complete = true;
  for (auto& round : fresh) {
    const Hash hash = round.admitted.context.model_hash;
    const std::size_t size = std::size_t{round.admitted.context.subset.parameters} * 4;
    Model model = co_await fetch_model(hash, size);
    if (model == nullptr) {
      complete = false;
      continue;
    }
    site_.open(std::move(round), std::move(model));
  }
  co_return complete;
}

boost::asio::awaitable<WorkPoll::Model> WorkPoll::fetch_model(Hash hash, std::size_t size) {
  if (model_ != nullptr && model_hash_ == hash) co_return model_;
  HttpRequest request{"GET", "/v1/models/" + hash.hex(), {}, std::chrono::seconds(60)};
  HttpAnswer answer = co_await link_.send(std::move(request));
  if (!answer.good()) {
    link_.complain("model_not_fetched", hash.hex(), answer);
    co_return nullptr;
  }
  if (answer.body.size() != size || crypto::hash("model", {view_of(answer.body)}) != hash) {
    link_.complain("model_damaged", hash.hex(), answer);
    co_return nullptr;
  }
  model_ = std::make_shared<const std::string>(std::move(answer.body));
  model_hash_ = hash;
  co_return model_;
}

}  // namespace tributary::gateway::uplink
