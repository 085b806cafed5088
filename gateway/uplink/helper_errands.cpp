#include "gateway/uplink/helper_errands.hpp"

#include <algorithm>
#include <boost/asio/async_result.hpp>

namespace tributary::gateway::uplink {
namespace {

constexpr std::size_t most_rosters = 16;
// The outbox has the answer; if the coordinator still asks after this long it has lost it.
constexpr std::chrono::seconds done_for{30};
constexpr std::chrono::seconds put_off{5};

using Outcome = engine::HelperDesk::Outcome;

// Waits for a call of the helper's desk.
boost::asio::awaitable<Outcome> answered(std::function<void(engine::HelperDesk::Done)> call) {
  auto initiate = [begin = std::move(call)](auto handler) {
    auto then = std::make_shared<decltype(handler)>(std::move(handler));
    begin([then](Outcome outcome) { std::move (*then)(std::move(outcome)); });
  };
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&,
                                                 void(Outcome)>(std::move(initiate),
                                                                boost::asio::use_awaitable);
}

}  // namespace

void HelperErrands::want(const v1::Work& work) {
  work_ = std::make_shared<const v1::Work>(work);
  bell_.ring();
}

boost::asio::awaitable<void> HelperErrands::run() {
  for (;;) {
    const auto work = work_;
    if (work != nullptr && site_.helper() != nullptr) {
      for (const auto& request : work->sum_requests()) {
        const Hash errand = crypto::hash("errand", {view_of(request.SerializeAsString())});
        auto owned = std::make_shared<const v1::SumRequest>(request);
        Leaves leaves(1, owned.get());
        if (ready(errand)) co_await help(owned, std::move(leaves), errand);
      }
      for (const auto& request : work->joint_requests()) {
        const Hash errand = crypto::hash("errand", {view_of(request.SerializeAsString())});
        auto owned = std::make_shared<const v1::JointRequest>(request);
        Leaves leaves;
        for (const auto& leaf : owned->leaves()) leaves.push_back(&leaf);
        if (ready(errand)) co_await help(owned, std::move(leaves), errand);
      }
      for (const auto& scope : work->voids()) {
        const Hash errand = crypto::hash("errand", {view_of(scope.SerializeAsString())});
        auto owned = std::make_shared<const v1::RoundScope>(scope);
        if (ready(errand)) co_await promise(owned, errand);
      }
    }
    co_await bell_.wait(std::chrono::seconds(1));
  }
}

bool HelperErrands::ready(const Hash& errand) const {
  const auto known = not_before_.find(errand);
  return known == not_before_.end() || known->second <= clock_.monotonic();
}

void HelperErrands::finish(const Hash& errand, Outcome outcome) {
  const auto now = clock_.monotonic();
  std::erase_if(not_before_, [&](const auto& old) { return old.second <= now; });
  not_before_[errand] = now + outcome.wait.value_or(done_for);
  if (!outcome.text.empty()) link_.complain("helper", outcome.text);
  if (outcome.forward) site_.enqueue(std::move(*outcome.forward));
}

// The roster hashes of the contexts, in order; nullopt where one cannot be read.
std::optional<std::vector<Hash>> HelperErrands::rosters_of(const Leaves& leaves) {
  std::vector<Hash> hashes;
  for (const auto* leaf : leaves) {
    const auto parsed = wire::parse_context(leaf->context());
    const auto* context = std::get_if<wire::Context>(&parsed);
    if (context == nullptr) return std::nullopt;
    hashes.push_back(context->roster_hash);
  }
  return hashes;
}

boost::asio::awaitable<std::optional<HelperErrands::Rosters>> HelperErrands::fetch_rosters(
    Leaves leaves) {
  // A context that cannot be read is refused by the helper, in signed words.
  Rosters rosters(leaves.size(), std::make_shared<const std::string>());
  const auto hashes = rosters_of(leaves);
  if (!hashes) co_return rosters;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    rosters[i] = co_await fetch_roster((*hashes)[i]);
    if (rosters[i] == nullptr) co_return std::nullopt;
  }
  co_return rosters;
}

template <class Request>
boost::asio::awaitable<void> HelperErrands::help(std::shared_ptr<const Request> request,
                                                 Leaves leaves, Hash errand) {
  auto rosters = co_await fetch_rosters(std::move(leaves));
  Outcome outcome;
  if (!rosters) {
    outcome.wait = put_off;
  } else {
    std::function<void(engine::HelperDesk::Done)> call =
        [this, request, held = std::move(*rosters)](engine::HelperDesk::Done done) {
          site_.helper()->answer(*request, held, std::move(done));
        };
    outcome = co_await answered(std::move(call));
  }
  finish(errand, std::move(outcome));
}

boost::asio::awaitable<void> HelperErrands::promise(std::shared_ptr<const v1::RoundScope> scope,
                                                    Hash errand) {
  std::function<void(engine::HelperDesk::Done)> call = [this,
                                                        scope](engine::HelperDesk::Done done) {
    site_.helper()->void_scope(*scope, std::move(done));
  };
  Outcome outcome = co_await answered(std::move(call));
  finish(errand, std::move(outcome));
}

boost::asio::awaitable<HelperErrands::Roster> HelperErrands::fetch_roster(Hash hash) {
  const auto known = std::ranges::find(rosters_, hash, &std::pair<Hash, Roster>::first);
  if (known != rosters_.end()) co_return known->second;
  HttpRequest request{"GET", "/v1/rosters/" + hash.hex(), {}, std::chrono::seconds(60)};
  HttpAnswer answer = co_await link_.send(std::move(request));
  if (!answer.good() || crypto::hash("roster", {view_of(answer.body)}) != hash) {
    link_.complain("roster_not_fetched", hash.hex(), answer);
    co_return nullptr;
  }
  auto roster = std::make_shared<const std::string>(std::move(answer.body));
  if (rosters_.size() >= most_rosters) rosters_.erase(rosters_.begin());
  rosters_.emplace_back(hash, roster);
  co_return roster;
}

}  // namespace tributary::gateway::uplink
