#include "gateway/engine/helper_desk.hpp"

#include "cloud/service/failpoint.hpp"
#include "storage/failure.hpp"

namespace tributary::gateway::engine {

HelperDesk::HelperDesk(Submit submit, std::unique_ptr<helper::HelperRole> role, const Clock& clock,
                       Metrics& metrics)
    : submit_(std::move(submit)),
      role_(std::move(role)),
      clock_(clock),
      metrics_(metrics),
      certified_key_(role_->certified_key().SerializeAsString()),
      epoch_ends_(role_->epoch_ends()) {}

void HelperDesk::run(std::function<Outcome()> work, Done done) {
  auto outcome = std::make_shared<Outcome>();
  submit_(
      [outcome, work = std::move(work)] {
        try {
          *outcome = work();
        } catch (const storage::Failure& failure) {
          // Nothing has been promised; the request is still in the coordinator's work.
          *outcome = {std::nullopt, std::string("helper: ") + failure.what(),
                      std::chrono::seconds(30)};
        }
      },
      [outcome, done = std::move(done)] { done(std::move(*outcome)); });
}

void HelperDesk::answer(v1::SumRequest request, std::shared_ptr<const std::string> roster,
                        Done done) {
  run([this, asked = std::move(request), roster] { return decide(asked, *roster); },
      std::move(done));
}

void HelperDesk::void_scope(v1::RoundScope scope, Done done) {
  run([this, asked = std::move(scope)] { return promise(asked); }, std::move(done));
}

HelperDesk::Outcome HelperDesk::decide(const v1::SumRequest& request, const std::string& roster) {
  const auto begun = clock_.monotonic();
  auto decision = role_->answer(request, roster, request.gateway(), {}, clock_.wall());
  if (const auto* later = std::get_if<helper::Later>(&decision)) {
    return {std::nullopt, {}, later->wait};
  }
  if (auto* refusal = std::get_if<helper::Refusal>(&decision)) {
    return {forward_mask_refusal(refusal->ctx_hash, std::move(refusal->body)),
            "helper: refused a sum for context " + refusal->ctx_hash.hex() + ": " + refusal->text,
            std::nullopt};
  }
  service::reach(service::Failpoint::helper_recorded);
  auto outcome = finish(std::get<helper::Job>(decision));
  const std::chrono::duration<double> took = clock_.monotonic() - begun;
  metrics_.helper_seconds.Increment(took.count());
  return outcome;
}

HelperDesk::Outcome HelperDesk::finish(const helper::Job& job) {
  const Bytes words = helper::run(job);
  auto result = role_->finish(job, words);
  if (auto* unfinished = std::get_if<helper::Unfinished>(&result)) {
    return {std::nullopt, "helper: " + unfinished->text, std::nullopt};
  }
  service::reach(service::Failpoint::helper_answered);
  auto& answer = std::get<helper::Answer>(result);
  metrics_.helper_sums.Increment();
  return {forward_mask_sum(answer.ctx_hash, std::move(answer.body)), {}, std::nullopt};
}

HelperDesk::Outcome HelperDesk::promise(const v1::RoundScope& scope) {
  auto result = role_->void_scope(scope, clock_.wall());
  if (auto* refusal = std::get_if<helper::VoidRefusal>(&result)) {
    return {std::nullopt, "helper: no void: " + refusal->text, std::nullopt};
  }
  return {forward_void(std::move(std::get<helper::VoidStatement>(result).body)), {}, std::nullopt};
}

void HelperDesk::tick(std::function<void()> changed) {
  if (rotating_ || clock_.wall() < epoch_ends_) return;
  rotating_ = true;
  struct Epoch {
    std::string key;  // empty: tried again at the next tick
    helper::UnixTime ends;
  };
  auto next = std::make_shared<Epoch>();
  submit_(
      [this, next] {
        try {
          role_->rotate(clock_.wall());
          *next = {role_->certified_key().SerializeAsString(), role_->epoch_ends()};
        } catch (const storage::Failure&) {
          next->key.clear();
        }
      },
      [this, next, changed = std::move(changed)] {
        rotating_ = false;
        if (next->key.empty()) return;
        certified_key_ = next->key;
        epoch_ends_ = next->ends;
        changed();
      });
}

}  // namespace tributary::gateway::engine
