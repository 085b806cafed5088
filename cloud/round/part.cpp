#include "cloud/round/part.hpp"

#include <algorithm>
#include <array>

namespace tributary::cloud::round {
namespace {

std::set<HelperId> helpers_of(const std::vector<MaskGiven>& answers) {
  std::set<HelperId> helpers;
  for (const auto& answer : answers) helpers.insert(answer.helper);
  return helpers;
}

}  // namespace

std::string_view phase_name(const PartPhase& phase) {
  static constexpr std::array<std::string_view, std::variant_size_v<PartPhase>> names{
      "offered", "given", "masking", "dropping", "combining", "combined", "left-out"};
  return names[phase.index()];
}

std::string left_out_reason(const PartPhase& phase) {
  const auto* left_out = std::get_if<LeftOut>(&phase);
  return left_out ? left_out->reason : std::string{};
}

const SumGiven* sum_of(const PartPhase& phase) {
  if (const auto* given = std::get_if<Given>(&phase)) return &given->sum;
  if (const auto* masking = std::get_if<Masking>(&phase)) return &masking->sum;
  if (const auto* combining = std::get_if<Combining>(&phase)) return &combining->sum;
  if (const auto* combined = std::get_if<Combined>(&phase)) return &combined->sum;
  return nullptr;
}

std::set<HelperId> answered_in(const PartPhase& phase) {
  if (const auto* masking = std::get_if<Masking>(&phase)) return helpers_of(masking->answers);
  if (const auto* combining = std::get_if<Combining>(&phase)) return helpers_of(combining->answers);
  if (const auto* combined = std::get_if<Combined>(&phase)) return helpers_of(combined->answers);
  if (const auto* left_out = std::get_if<LeftOut>(&phase)) return left_out->answered;
  return {};
}

void leave_out(Part& part, std::string reason, bool down) {
  part.phase = LeftOut{std::move(reason), answered_in(part.phase), down};
}

bool any_in(const std::vector<DeviceId>& ascending, const std::vector<DeviceId>& devices) {
  return std::ranges::any_of(devices, [&](const DeviceId& device) {
    return std::ranges::binary_search(ascending, device);
  });
}

}  // namespace tributary::cloud::round
