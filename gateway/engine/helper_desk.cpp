#include "gateway/engine/helper_desk.hpp"

#include "cloud/service/failpoint.hpp"

namespace tributary::gateway::engine {
namespace {

std::vector<std::string_view> views_of(const HelperDesk::Rosters& rosters) {
  std::vector<std::string_view> views;
  for (const auto& roster : rosters) views.emplace_back(*roster);
  return views;
}

void failpoint(helper::Step step) {
  service::reach(step == helper::Step::recorded ? service::Failpoint::helper_recorded
                                                : service::Failpoint::helper_answered);
}

}  // namespace

HelperDesk::HelperDesk(Submit submit, std::unique_ptr<helper::HelperRole> role, const Clock& clock,
                       Metrics& metrics, std::function<void(const std::string&)> broken)
    : submit_(std::move(submit)),
      role_(std::move(role)),
      clock_(clock),
      metrics_(metrics),
      certified_key_(role_->certified_key().SerializeAsString()),
      epoch_ends_(role_->epoch_ends()),
      broken_(std::move(broken)) {}

bool HelperDesk::fails(const helper::Errand& errand) {
  if (errand.broken) broken_(errand.text);
  return errand.broken.has_value();
}

void HelperDesk::run(std::function<helper::Errand()> work, Done done) {
  struct Run {
    helper::Errand errand;
    std::chrono::duration<double> took{};
  };
  auto run = std::make_shared<Run>();
  submit_(
      [this, run, work = std::move(work)] {
        const auto begun = clock_.monotonic();
        run->errand = work();
        run->took = clock_.monotonic() - begun;
      },
      [this, run, done = std::move(done)] {
        if (!fails(run->errand)) done(outcome_of(std::move(run->errand), run->took));
      });
}

void HelperDesk::answer(v1::SumRequest request, Rosters rosters, Done done) {
  run(
      [this, asked = std::move(request), rosters = std::move(rosters)] {
        return helper::sum_errand(*role_, asked, *rosters.front(), clock_.wall(), failpoint);
      },
      std::move(done));
}

void HelperDesk::answer(v1::JointRequest request, Rosters rosters, Done done) {
  run(
      [this, asked = std::move(request), rosters = std::move(rosters)] {
        const std::vector<std::string_view> views = views_of(rosters);
        return helper::sum_errand(*role_, asked, views, clock_.wall(), failpoint);
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
  struct Epoch {
    helper::Errand errand;
    std::string key;
    helper::UnixTime ends;
  };
  auto next = std::make_shared<Epoch>();
  submit_(
      [this, next] {
        next->errand = helper::rotate_errand(*role_, clock_.wall());
        next->key = role_->certified_key().SerializeAsString();
        next->ends = role_->epoch_ends();
      },
      [this, next, changed = std::move(changed)] {
        rotating_ = false;
        if (fails(next->errand) || next->errand.wait)
          return;  // a full disk: at the next tick again
        certified_key_ = next->key;
        epoch_ends_ = next->ends;
        changed();
      });
}

}  // namespace tributary::gateway::engine
