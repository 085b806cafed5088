#include "cloud/round/plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace tributary::cloud::round {
namespace {

constexpr std::uint32_t most_per_gateway = 5000;
constexpr double whole_share = 1 - 1e-9;

std::uint32_t ceiling(double value) {
  return static_cast<std::uint32_t>(std::ceil(value - 1e-9));
}

std::uint32_t threshold_of(double share) {
  if (share >= whole_share) return UINT32_MAX;
  return static_cast<std::uint32_t>(share * 4294967296.0);
}

// Six standard deviations above the mean, so that a full round turns nobody away by chance.
std::uint32_t most_selected(double share, std::uint32_t roster) {
  const double mean = share * roster;
  return std::min(roster, ceiling(mean + 6 * std::sqrt(mean * (1 - share)) + 1));
}

GatewayShare share_of(const TaskSpec& spec, const GatewayFacts& facts, double selected,
                      double wanted) {
  GatewayShare share{facts.id, 0, 0, 0};
  share.expected = static_cast<std::uint32_t>(std::lround(selected * facts.roster_size));
  share.n_max =
      std::clamp(most_selected(selected, facts.roster_size), spec.n_min, most_per_gateway);
  share.n_target = std::clamp(ceiling(wanted * facts.roster_size), spec.n_min, share.n_max);
  return share;
}

// A sum of devices' noise is close to one Gaussian from here on, in units of a word.
constexpr double least_device_noise = 4;

std::variant<crypto::EncodingPlan, std::string> encoding_for(const TaskSpec& spec,
                                                             std::uint32_t parameters,
                                                             std::uint32_t n_max, double noise) {
  const auto& encoding = spec.encoding;
  crypto::EncodingPlan plan{};
  plan.bits = encoding.ring_bits;
  plan.parameters = parameters;
  // The context carries single precision: plan with what the devices will read.
  plan.clip_l2 = static_cast<double>(static_cast<float>(encoding.clip_l2));
  plan.clip_inf = static_cast<double>(static_cast<float>(encoding.clip_inf));
  plan.loss_cap = static_cast<double>(static_cast<float>(encoding.loss_cap));
  plan.canary_words = canary_words;
  plan.rotated = encoding.rotated;
  plan.noise = noise;
  plan.device_noise = spec.device_noise ? spec.device_noise->multiplier : 0;
  try {
    crypto::choose_scales(plan, n_max);
    const auto sigma = plan.device_noise_deviation();
    const bool rough =
        spec.device_noise && std::min(sigma.model, sigma.metric) < least_device_noise;
    if (!rough && !crypto::too_coarse(plan, n_max)) return plan;
  } catch (const std::invalid_argument&) {
    // no scale at all: the same to the operator
  }
  return "encoding.ring_bits " + std::to_string(static_cast<int>(plan.bits)) +
         " is too narrow for sums of " + std::to_string(n_max) + " updates" +
         (spec.device_noise ? " and the devices' noise" : "") +
         "; take a wider ring or smaller cohorts per gateway";
}

std::uint32_t cohorts_of(const TaskSpec& spec) {
  if (spec.privacy) return spec.privacy->terms.participation.separation;
  return spec.device_noise ? spec.device_noise->participation.separation : 1;
}

// What one released sum holds at most, over all scopes of the round.
struct LargestSum {
  std::uint32_t updates = 0;
  std::size_t noise_parties = 0;  // gateways and their helpers, each of whom adds noise
};

// The same scale everywhere, so that sums can be added: for the largest.
LargestSum largest_sum(const TaskSpec& spec, const std::vector<GatewayFacts>& facts,
                       const std::vector<GatewayShare>& shares) {
  struct Sum {
    std::uint32_t updates = 0;
    std::size_t gateways = 0;
    std::size_t helpers = 0;
  };
  std::map<std::string, Sum> sums;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    auto& sum = sums[scope_of(spec, facts[i].id).value_or(facts[i].id.hex())];
    sum.updates += shares[i].n_max;
    sum.gateways += 1;
    sum.helpers = std::max(sum.helpers, facts[i].helpers.size());
  }
  LargestSum largest;
  for (const auto& [scope, sum] : sums) {
    largest.updates = std::max(largest.updates, sum.updates);
    largest.noise_parties = std::max(largest.noise_parties, sum.gateways + sum.helpers);
  }
  return largest;
}

}  // namespace

std::optional<std::vector<HelperId>> helpers_for(const TaskSpec& spec, const GatewayId& gateway,
                                                 const HelperOfGateway& helper_of) {
  if (const auto named = spec.helpers.find(gateway); named != spec.helpers.end()) {
    return named->second;
  }
  if (spec.mode != TrustMode::split_trust) return std::vector<HelperId>{};
  const auto own = std::ranges::find(spec.gateways, gateway);
  if (own == spec.gateways.end()) return std::nullopt;
  const auto next = std::next(own) == spec.gateways.end() ? spec.gateways.begin() : std::next(own);
  const auto helper = helper_of(*next);
  if (!helper) return std::nullopt;
  return std::vector{*helper};
}

std::variant<crypto::Subset, std::string> subset_of(const TaskSpec& spec, std::uint32_t parameters,
                                                    const TaskId& task, std::uint64_t round) {
  if (!spec.subset) return crypto::Subset::whole(parameters);
  return subset_for(*spec.subset, spec.model, parameters, crypto::block_seed(task, round));
}

std::variant<RoundPlan, std::string> plan_round(const TaskSpec& spec, const crypto::Subset& subset,
                                                const std::vector<GatewayFacts>& facts) {
  const auto devices = std::accumulate(
      facts.begin(), facts.end(), std::uint32_t{0},
      [](std::uint32_t sum, const GatewayFacts& gateway) { return sum + gateway.roster_size; });
  RoundPlan plan{};
  // Where participations must be apart, each round is for one of so many cohorts (PROTOCOL.md 9).
  const auto cohorts = cohorts_of(spec);
  const auto eligible = devices / cohorts;
  const auto wanted = spec.cohort_size == 0 ? eligible : spec.cohort_size;
  plan.least_contributions = ceiling(spec.quorum * wanted);
  if (eligible == 0 || eligible < plan.least_contributions) {
    return "the rosters hold " + std::to_string(devices) + " devices" +
           (cohorts > 1 ? " in " + std::to_string(cohorts) + " cohorts (privacy.separation)" : "") +
           ", the quorum needs " + std::to_string(plan.least_contributions);
  }
  plan.cohort = std::min(wanted, eligible);
  const double within = std::min(1.0, plan.cohort * spec.over_selection / eligible);
  plan.participation_threshold = threshold_of(within);
  const double share = within / cohorts;
  for (const auto& gateway : facts) {
    plan.shares.push_back(
        share_of(spec, gateway, share, static_cast<double>(plan.cohort) / devices));
    if (plan.shares.back().expected < spec.n_min) {
      return "cohort_size " + std::to_string(plan.cohort) + " selects about " +
             std::to_string(plan.shares.back().expected) + " devices at gateway " +
             gateway.id.hex() + ", n_min is " + std::to_string(spec.n_min);
    }
  }
  const auto largest = largest_sum(spec, facts, plan.shares);
  const double noise =
      spec.privacy ? privacy::noise_in_sum(spec.privacy->terms, largest.noise_parties) : 0;
  plan.subset = subset;
  auto encoding = encoding_for(spec, subset.words(), largest.updates, noise);
  if (auto* why_not = std::get_if<std::string>(&encoding)) return *why_not;
  plan.encoding = std::get<crypto::EncodingPlan>(encoding);
  return plan;
}

}  // namespace tributary::cloud::round
