#include "gateway/engine/helper_desk.hpp"

#include <boost/asio/post.hpp>

#include "storage/failure.hpp"

namespace tributary::gateway::engine {
namespace {

std::vector<std::string_view> views_of(const HelperDesk::Rosters& rosters) {
  std::vector<std::string_view> views;
  for (const auto& roster : rosters) views.emplace_back(*roster);
  return views;
}

}  // namespace

HelperDesk::HelperDesk(boost::asio::io_context& io, std::unique_ptr<helper::HelperRole> role,
                       const Clock& clock, Metrics& metrics)
    : io_(io),
      role_(std::move(role)),
      clock_(clock),
      metrics_(metrics),
      certified_key_(role_->certified_key().SerializeAsString()),
      epoch_ends_(role_->epoch_ends()) {}

HelperDesk::~HelperDesk() {
  thread_.stop();
  thread_.join();
}

void HelperDesk::run(std::function<helper::Errand()> work, Done done) {
  boost::asio::post(thread_, [this, work = std::move(work), done = std::move(done)] {
    const auto begun = clock_.monotonic();
    auto outcome = outcome_of(work(), clock_.monotonic() - begun);
    boost::asio::post(io_,
                      [done, result = std::move(outcome)]() mutable { done(std::move(result)); });
  });
}

void HelperDesk::answer(v1::SumRequest request, Rosters rosters, Done done) {
  run(
      [this, asked = std::move(request), rosters = std::move(rosters)] {
        return helper::sum_errand(*role_, asked, *rosters.front(), clock_.wall());
      },
      std::move(done));
}

void HelperDesk::answer(v1::JointRequest request, Rosters rosters, Done done) {
  run(
      [this, asked = std::move(request), rosters = std::move(rosters)] {
        const std::vector<std::string_view> views = views_of(rosters);
        return helper::sum_errand(*role_, asked, views, clock_.wall());
      },
      std::move(done));
}

void HelperDesk::void_scope(v1::RoundScope scope, Done done) {
  run([this,
       asked = std::move(scope)] { return helper::void_errand(*role_, asked, clock_.wall()); },
      std::move(done));
}

HelperDesk::Outcome HelperDesk::outcome_of(helper::Errand errand,
                                           std::chrono::duration<double> took) {
  using Kind = helper::Errand::Kind;
  Outcome outcome{std::nullopt, std::move(errand.text), errand.wait};
  switch (errand.kind) {
    case Kind::nothing:
      break;
    case Kind::mask_sum:
      metrics_.helper_sums.Increment();
      metrics_.helper_seconds.Increment(took.count());
      outcome.forward = forward_mask_sum(errand.ctx_hash, std::move(errand.body));
      break;
    case Kind::mask_refusal:
      outcome.forward = forward_mask_refusal(errand.ctx_hash, std::move(errand.body));
      break;
    case Kind::void_statement:
      outcome.forward = forward_void(std::move(errand.body));
      break;
  }
  return outcome;
}

void HelperDesk::tick(std::function<void()> changed) {
  if (rotating_ || clock_.wall() < epoch_ends_) return;
  rotating_ = true;
  boost::asio::post(thread_, [this, changed = std::move(changed)] {
    std::string key;
    try {
      role_->rotate(clock_.wall());
      key = role_->certified_key().SerializeAsString();
    } catch (const storage::Failure&) {
      key.clear();  // tried again at the next tick
    }
    boost::asio::post(io_, [this, changed, key, ends = role_->epoch_ends()] {
      rotating_ = false;
      if (key.empty()) return;
      certified_key_ = key;
      epoch_ends_ = ends;
      changed();
    });
  });
}

}  // namespace tributary::gateway::engine
