#include "gateway/helper/errand.hpp"

#include "uplink.pb.h"

namespace tributary::gateway::helper {
namespace {

constexpr std::chrono::seconds after_failure{30};

template <class Work>
Errand guarded(const Work& work) {
  try {
    return work();
  } catch (const storage::Failure& failure) {
    Errand errand{
        Errand::Kind::nothing, {}, {}, std::string("helper: ") + failure.what(), after_failure};
    if (failure.kind() == storage::FailureKind::io ||
        failure.kind() == storage::FailureKind::corrupt) {
      errand.broken = failure;
    }
    return errand;
  }
}

Errand carry_out(HelperRole& role, Decision decision, Reached reached) {
  if (const auto* later = std::get_if<Later>(&decision)) {
    return {Errand::Kind::nothing, {}, {}, {}, later->wait};
  }
  if (auto* refusal = std::get_if<Refusal>(&decision)) {
    auto text = "helper: refused a sum for " + refusal->ctx_hash.hex() + ": " + refusal->text;
    return {Errand::Kind::mask_refusal, refusal->ctx_hash, std::move(refusal->body),
            std::move(text)};
  }
  if (reached != nullptr) reached(Step::recorded);
  const auto& job = std::get<Job>(decision);
  auto result = role.finish(job, run(job));
  if (const auto* unfinished = std::get_if<Unfinished>(&result)) {
    return {Errand::Kind::nothing, {}, {}, "helper: " + unfinished->text};
  }
  if (reached != nullptr) reached(Step::answered);
  auto& answer = std::get<Answer>(result);
  return {Errand::Kind::mask_sum, answer.ctx_hash, std::move(answer.body), {}};
}

}  // namespace

Errand sum_errand(HelperRole& role, const v1::SumRequest& request, std::string_view roster,
                  UnixTime now, Reached reached) {
  return guarded([&] {
    return carry_out(role, role.answer(request, roster, request.gateway(), {}, now), reached);
  });
}

Errand sum_errand(HelperRole& role, const v1::JointRequest& request,
                  std::span<const std::string_view> rosters, UnixTime now, Reached reached) {
  return guarded([&] { return carry_out(role, role.answer(request, rosters, {}, now), reached); });
}

Errand void_errand(HelperRole& role, const v1::RoundScope& scope, UnixTime now) {
  return guarded([&]() -> Errand {
    auto result = role.void_scope(scope, now);
    if (const auto* refusal = std::get_if<VoidRefusal>(&result)) {
      return {Errand::Kind::nothing, {}, {}, "helper: no void: " + refusal->text};
    }
    auto& statement = std::get<VoidStatement>(result);
    return {Errand::Kind::void_statement, {}, std::move(statement.body), {}};
  });
}

Errand rotate_errand(HelperRole& role, UnixTime now) {
  return guarded([&]() -> Errand {
    role.rotate(now);
    return {};
  });
}

}  // namespace tributary::gateway::helper
