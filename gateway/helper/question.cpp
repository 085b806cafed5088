#include "gateway/helper/question.hpp"

#include <algorithm>

#include "gateway/helper/limits.hpp"

namespace tributary::gateway::helper {
namespace {

Fault bad_context(std::string text) {
  return {v1::HELPER_REFUSAL_BAD_CONTEXT, "H7: " + std::move(text)};
}

// The context without what is each gateway's own: the same for all leaves of a scope, byte for byte.
std::string shared_terms(const v1::SumRequest& leaf) {
  v1::RoundContext context;
  context.ParseFromString(leaf.context());
  context.clear_gateway_id();
  context.clear_gateway_epoch();
  context.clear_roster_hash();
  context.clear_n_target();
  context.clear_n_max();
  return context.SerializeAsString();
}

std::optional<Fault> check_together(const v1::JointRequest& request,
                                    const std::vector<Claim>& leaves) {
  const auto terms = shared_terms(request.leaves(0));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!leaves[i].context.scope_id) {
      return bad_context("a leaf of scope gateway is not part of a total");
    }
    if (shared_terms(request.leaves(static_cast<int>(i))) != terms) {
      return bad_context("the contexts of the leaves are not those of one round and scope");
    }
    if (i > 0 && leaves[i].context.gateway <= leaves[i - 1].context.gateway) {
      return bad_context("the leaves are not strictly ascending by gateway");
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<DeviceId> Question::devices() const {
  std::vector<DeviceId> devices;
  for (const auto& leaf : leaves) {
    for (const auto& survivor : leaf.survivors) devices.push_back(survivor.device);
  }
  return devices;
}

ClaimHashes question_hashes(const v1::SumRequest& request) {
  return claim_hashes(request);
}

ClaimHashes question_hashes(const v1::JointRequest& request) {
  std::vector<crypto::JointLeaf> leaves;
  for (const auto& leaf : request.leaves()) {
    const auto hashes = claim_hashes(leaf);
    leaves.push_back({hashes.ctx_hash, hashes.survivors_hash});
  }
  const auto joint = crypto::joint_hash(leaves);
  return {joint, joint};
}

std::variant<Question, Fault> parse_question(const v1::SumRequest& request) {
  auto parsed = parse_claim(request);
  if (auto* fault = std::get_if<Fault>(&parsed)) return std::move(*fault);
  auto& claim = std::get<Claim>(parsed);
  if (claim.context.scope_id) {
    return bad_context("a gateway of a wider scope is not answered alone");
  }
  const ScopeKey scope{claim.context.task, claim.context.round, claim.context.gateway};
  const ClaimHashes hashes{claim.context.hash, claim.survivors_hash};
  Question question{{}, scope, hashes};
  question.leaves.push_back(std::move(claim));
  return question;
}

std::variant<Question, Fault> parse_question(const v1::JointRequest& request) {
  const auto count = static_cast<std::size_t>(request.leaves_size());
  if (count < 2) return bad_context("a total over fewer than two gateways is one gateway's sum");
  if (count > Limits::leaves) {
    return bad_context(std::to_string(count) + " gateways are more than this helper's " +
                       std::to_string(Limits::leaves));
  }
  std::vector<Claim> leaves;
  for (const auto& leaf : request.leaves()) {
    auto parsed = parse_claim(leaf);
    if (auto* fault = std::get_if<Fault>(&parsed)) return std::move(*fault);
    leaves.push_back(std::move(std::get<Claim>(parsed)));
  }
  if (auto fault = check_together(request, leaves)) return std::move(*fault);
  const auto& first = leaves.front().context;
  const ScopeKey scope{first.task, first.round, *first.scope_id};
  return Question{std::move(leaves), scope, question_hashes(request)};
}

std::optional<Fault> check_distinct(const Question& question) {
  auto devices = question.devices();
  std::ranges::sort(devices);
  std::vector<DeviceId> twice;
  for (std::size_t i = 1; i < devices.size(); ++i) {
    if (devices[i] == devices[i - 1] && (twice.empty() || twice.back() != devices[i])) {
      twice.push_back(devices[i]);
    }
  }
  if (twice.empty()) return std::nullopt;
  auto text = "H5: " + std::to_string(twice.size()) +
              " devices are at two gateways of this scope, first " + twice.front().hex();
  return Fault{v1::HELPER_REFUSAL_DEVICE_TWICE, std::move(text), std::move(twice)};
}

}  // namespace tributary::gateway::helper
