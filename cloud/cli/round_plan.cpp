#include "cloud/cli/round_plan.hpp"

#include <cmath>
#include <sstream>
#include <stdexcept>

#include "cloud/cli/files.hpp"
#include "cloud/service/exit_code.hpp"
#include "crypto/privacy/sum_noise.hpp"

namespace tributary::cli {
namespace {

constexpr std::uint32_t canary_words = 4;
constexpr std::uint32_t chunk_framing = 36 + 16;  // PROTOCOL.md 4.2
constexpr std::uint32_t fewest_honest = 10;
// Above, a step of 16 bits grows past what averaging over so many takes back; 24 costs a byte more.
constexpr std::uint32_t most_devices_of_16 = 1000;
// Rounding adds to the norm of an update, and the noise must hide that too: at most this much of it.
constexpr double most_rounding_norm = 1.05;
constexpr double least_sigma = 16;          // in units of a word: crypto/privacy/gaussian_noise.hpp
constexpr double one_in_a_hundred = 2.326;  // quantile of the normal distribution

[[noreturn]] void refuse(const std::string& text) {
  throw CommandFault("plan round: " + text, service::exit_configuration);
}

// nullopt: the ring is too narrow for sums and noise, or so coarse that they say little.
std::optional<crypto::EncodingPlan> plan_with(const RoundQuestion& question, crypto::RingBits bits,
                                              const privacy::Terms& terms) {
  crypto::EncodingPlan plan{bits, question.parameters, 0, question.clip_l2, question.clip_inf, 0,
                            10,   canary_words};
  plan.rotated = bits != crypto::RingBits::b32;
  plan.noise = privacy::noise_in_sum(terms, 1 + question.helpers);
  try {
    crypto::choose_scales(plan, question.devices);
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
  if (crypto::too_coarse(plan, question.devices)) return std::nullopt;
  if (terms.noise_multiplier <= 0) return plan;
  const auto sigma = plan.noise_deviation(terms.noise_multiplier);
  const double clip = std::ldexp(plan.clip_l2, plan.scale_log2);
  const bool dear = std::sqrt(plan.norm_bound()) > most_rounding_norm * clip;
  if (dear || sigma.model < least_sigma || sigma.metric < least_sigma) return std::nullopt;
  return plan;
}

crypto::EncodingPlan narrowest(const RoundQuestion& question, const privacy::Terms& terms) {
  for (const auto bits : {crypto::RingBits::b16, crypto::RingBits::b24, crypto::RingBits::b32}) {
    if (question.ring_bits && *question.ring_bits != bits) continue;
    const bool crowded = bits == crypto::RingBits::b16 && question.devices > most_devices_of_16;
    if (crowded && !question.ring_bits) continue;
    if (const auto plan = plan_with(question, bits, terms)) return *plan;
  }
  refuse(question.ring_bits
             ? "a ring of " + std::to_string(static_cast<int>(*question.ring_bits)) +
                   " bits is too narrow for sums of " + std::to_string(question.devices) +
                   " updates; leave --ring-bits out or plan for fewer --devices"
             : "no ring is wide enough for sums of " + std::to_string(question.devices) +
                   " updates; plan for fewer --devices per gateway");
}

std::string share_text(double share) {
  std::ostringstream text;
  text << 100 * share << " %";
  return text.str();
}

std::string noise_text(const RoundQuestion& question, const RoundProposal& proposal) {
  std::ostringstream text;
  text << "Privacy: epsilon " << *question.epsilon << " at delta " << question.delta
       << " for a device that takes part " << question.participations
       << " times needs a noise multiplier of " << proposal.privacy.noise_multiplier
       << " from the gateway"
       << (question.helpers > 0 ? " and from each helper, so that either alone suffices" : "")
       << ".\n"
       << "The noise is " << proposal.noise_to_signal << " times as long as the sum of "
       << proposal.cohort_size << " updates can be";
  if (proposal.noise_to_signal > 1) {
    text << ": little would be learned. More devices, fewer parameters or a larger epsilon help in "
            "proportion";
  }
  text << ".\n";
  return text.str();
}

}  // namespace

RoundProposal propose_round(const RoundQuestion& question) {
  RoundProposal proposal{};
  if (question.epsilon) {
    proposal.privacy = {0, {1, question.participations}, 1};
    proposal.privacy.noise_multiplier = privacy::multiplier_for(
        {*question.epsilon, question.delta}, proposal.privacy, question.participations);
  }
  const double all = static_cast<double>(question.devices) * question.gateways;
  const double spread = std::sqrt(all * question.dropout * (1 - question.dropout));
  const double reached = std::floor(all * (1 - question.dropout) - one_in_a_hundred * spread);
  const double at_one = reached / question.gateways;
  if (at_one < 2) {
    refuse("with so many drop-outs fewer than 2 of " + std::to_string(question.devices) +
           " devices are sure to be left at a gateway; plan for more --devices");
  }
  proposal.cohort_size = static_cast<std::uint32_t>(reached);
  proposal.over_selection = all / reached;
  proposal.n_min = static_cast<std::uint32_t>(
      std::floor(std::min(at_one, std::max<double>(fewest_honest, at_one / 2))));
  proposal.encoding = narrowest(question, proposal.privacy);
  const auto& encoding = proposal.encoding;
  if (question.epsilon) {
    const double noise = encoding.noise_deviation(encoding.noise).model /
                         std::ldexp(encoding.clip_l2, encoding.scale_log2);
    proposal.noise_to_signal =
        noise * std::sqrt(static_cast<double>(question.gateways) * question.parameters) / reached;
  }
  const auto words =
      static_cast<std::uint32_t>(encoding.words() * crypto::word_bytes(encoding.bits));
  proposal.chunks = (words + question.chunk_bytes - 1) / question.chunk_bytes;
  proposal.update_bytes = words + proposal.chunks * chunk_framing;
  proposal.journal_bytes = std::uint64_t{proposal.update_bytes} * question.devices;
  return proposal;
}

boost::json::object proposal_object(const RoundQuestion& question, const RoundProposal& proposal) {
  const auto& encoding = proposal.encoding;
  boost::json::object spec{{"mode", question.helpers > 0 ? "split-trust" : "trusted-gateway"},
                           {"cohort_size", proposal.cohort_size},
                           {"over_selection", proposal.over_selection},
                           {"n_min", proposal.n_min},
                           {"encoding",
                            {{"ring_bits", static_cast<std::uint32_t>(encoding.bits)},
                             {"clip_l2", question.clip_l2},
                             {"clip_inf", question.clip_inf}}}};
  if (question.epsilon) {
    spec["privacy"] = {{"epsilon", *question.epsilon},
                       {"delta", question.delta},
                       {"participations", question.participations}};
  }
  return {{"ring_bits", static_cast<std::uint32_t>(encoding.bits)},
          {"rotated", encoding.rotated},
          {"scale_log2", encoding.scale_log2},
          {"weight_scale_log2", encoding.weight_scale_log2},
          {"cohort_size", proposal.cohort_size},
          {"over_selection", proposal.over_selection},
          {"n_min", proposal.n_min},
          {"noise_multiplier", proposal.privacy.noise_multiplier},
          {"noise_to_signal", proposal.noise_to_signal},
          {"update_bytes", proposal.update_bytes},
          {"bytes_per_parameter", proposal.update_bytes / static_cast<double>(question.parameters)},
          {"chunks", proposal.chunks},
          {"journal_bytes", proposal.journal_bytes},
          {"spec", std::move(spec)}};
}

std::string proposal_text(const RoundQuestion& question, const RoundProposal& proposal) {
  const auto& encoding = proposal.encoding;
  std::ostringstream text;
  text << "Ring: " << static_cast<int>(encoding.bits) << " bits"
       << (encoding.rotated ? ", rotated, so that the norm and not the largest coordinate must fit"
                            : "")
       << "; a step of a word is 2^" << -encoding.scale_log2 << " of a weight's unit. "
       << "Sums of " << question.devices << " updates"
       << (encoding.rotated ? " leave it once in 2^40 rounds" : " cannot leave it") << ".\n"
       << "On the wire: " << proposal.update_bytes << " bytes per update in " << proposal.chunks
       << " chunks, " << proposal.update_bytes / static_cast<double>(question.parameters)
       << " per parameter; " << (proposal.journal_bytes >> 20) << " MiB in a gateway's journal.\n"
       << "Cohort: all " << question.devices << " devices of " << question.gateways
       << " gateways are asked, " << proposal.cohort_size << " are waited for: with "
       << share_text(question.dropout) << " vanishing that many are left in 99 of 100 rounds.\n"
       << "n_min " << proposal.n_min << ": fewer at a gateway, and nothing of it is released."
       << (proposal.n_min < fewest_honest ? " Fewer than 10 hide a device poorly." : "") << "\n";
  if (question.epsilon) text << noise_text(question, proposal);
  return text.str();
}

}  // namespace tributary::cli
