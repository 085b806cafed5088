#include "cloud/cli/round_plan.hpp"

#include <algorithm>
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
constexpr double least_sigma = 16;        // in units of a word: crypto/privacy/gaussian_noise.hpp
constexpr double least_device_sigma = 4;  // a sum of them is close to one Gaussian from here on
constexpr std::uint32_t words_in_block = 64;
constexpr double one_in_a_hundred = 2.326;  // quantile of the normal distribution

[[noreturn]] void refuse(const std::string& text) {
  throw CommandFault("plan round: " + text, service::exit_configuration);
}

// nullopt: the ring is too narrow for sums and noise, or so coarse that they say little. `words`: that travel.
std::optional<crypto::EncodingPlan> plan_with(const RoundQuestion& question, crypto::RingBits bits,
                                              const privacy::Terms& terms, std::uint32_t words) {
  crypto::EncodingPlan plan{bits, words, 0,           question.clip_l2, question.clip_inf,
                            0,    10,    canary_words};
  plan.rotated = bits != crypto::RingBits::b32;
  plan.noise = privacy::noise_in_sum(terms, 1 + question.helpers);
  plan.device_noise = question.device_noise;
  try {
    crypto::choose_scales(plan, question.devices);
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
  if (crypto::too_coarse(plan, question.devices)) return std::nullopt;
  const auto own = plan.device_noise_deviation();
  if (question.device_noise > 0 && std::min(own.model, own.metric) < least_device_sigma) {
    return std::nullopt;
  }
  if (terms.noise_multiplier <= 0) return plan;
  const auto sigma = plan.noise_deviation(terms.noise_multiplier);
  const double clip = std::ldexp(plan.clip_l2, plan.scale_log2);
  const bool dear = std::sqrt(plan.norm_bound()) > most_rounding_norm * clip;
  if (dear || sigma.model < least_sigma || sigma.metric < least_sigma) return std::nullopt;
  return plan;
}

crypto::EncodingPlan narrowest(const RoundQuestion& question, const privacy::Terms& terms,
                               std::uint32_t words) {
  for (const auto bits : {crypto::RingBits::b16, crypto::RingBits::b24, crypto::RingBits::b32}) {
    if (question.ring_bits && *question.ring_bits != bits) continue;
    const bool crowded = bits == crypto::RingBits::b16 && question.devices > most_devices_of_16;
    if (crowded && !question.ring_bits) continue;
    if (const auto plan = plan_with(question, bits, terms, words)) return *plan;
  }
  refuse(question.ring_bits
             ? "a ring of " + std::to_string(static_cast<int>(*question.ring_bits)) +
                   " bits is too narrow for sums of " + std::to_string(question.devices) +
                   " updates; leave --ring-bits out or plan for fewer --devices"
             : "no ring is wide enough for sums of " + std::to_string(question.devices) +
                   " updates; plan for fewer --devices per gateway");
}

struct Wire {
  std::uint32_t bytes;  // framing included
  std::uint32_t chunks;
};

Wire wire_of(const RoundQuestion& question, const crypto::EncodingPlan& encoding) {
  const auto words =
      static_cast<std::uint32_t>(encoding.words() * crypto::word_bytes(encoding.bits));
  const auto chunks = (words + question.chunk_bytes - 1) / question.chunk_bytes;
  return {words + chunks * chunk_framing, chunks};
}

// The most blocks whose words fit the budget of bytes; everything where that fits.
void fit_bytes(const RoundQuestion& question, RoundProposal& proposal) {
  proposal.encoding = narrowest(question, proposal.privacy, question.parameters);
  const auto fits = [&] {
    return question.update_bytes == 0 ||
           wire_of(question, proposal.encoding).bytes <= question.update_bytes;
  };
  if (fits()) return;
  proposal.block_words = std::min(words_in_block, question.parameters);
  const auto all = (question.parameters - 1) / proposal.block_words + 1;
  const double most = question.update_bytes / 2.0 / proposal.block_words;  // in the narrowest ring
  for (auto blocks = static_cast<std::uint32_t>(std::min<double>(all - 1, most)); blocks > 0;
       --blocks) {
    proposal.blocks = blocks;
    proposal.share = static_cast<double>(blocks) / all;
    proposal.encoding = narrowest(question, proposal.privacy, blocks * proposal.block_words);
    if (fits()) return;
  }
  refuse("an update of " + std::to_string(question.update_bytes) + " bytes has no room for " +
         std::to_string(proposal.block_words) + " parameters; raise --bytes");
}

void choose_neighbours(const RoundQuestion& question, RoundProposal& proposal) {
  if (!question.pairwise) return;
  constexpr std::uint32_t corrupt = 50'000;  // 5 %, as `plan pairwise` suggests
  const auto dropout = static_cast<std::uint32_t>(std::llround(question.dropout * 1e6));
  const auto found = pairwise::find_parameters(
      {question.devices, corrupt, dropout, pairwise::GatewayModel::active});
  if (!found) refuse("mode pairwise has no parameters for these drop-outs; see `plan pairwise`");
  proposal.neighbourhood = *found;
}

const char* mode_of(const RoundQuestion& question) {
  if (question.pairwise) return "pairwise";
  return question.helpers > 0 ? "split-trust" : "trusted-gateway";
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

std::string more_text(const RoundQuestion& question, const RoundProposal& proposal) {
  std::ostringstream text;
  if (proposal.blocks > 0) {
    text << "Subset: " << proposal.encoding.parameters << " of " << question.parameters
         << " parameters travel in a round, " << proposal.blocks << " blocks of "
         << proposal.block_words << " drawn anew each time, so that an update keeps within "
         << question.update_bytes << " bytes; what stays behind is added to a device's next "
         << "update. Every parameter is heard once in " << std::ceil(1 / proposal.share)
         << " rounds or so: plan for more rounds.\n";
  }
  if (proposal.neighbourhood) {
    text << "Pairwise: " << proposal.neighbourhood->neighbours << " neighbours a device, "
         << proposal.neighbourhood->threshold
         << " shares open a secret, against an active gateway and 5 % corrupt devices.\n";
  }
  if (question.device_noise > 0) {
    text << "Device noise: " << question.device_noise << " times an update's norm from each device"
         << (question.epsilon ? ", besides that of the privacy below" : "") << ".\n";
    if (!question.epsilon) {
      text << "All of it is " << proposal.noise_to_signal << " times as long as the sum of "
           << proposal.cohort_size << " updates can be.\n";
    }
  }
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
  choose_neighbours(question, proposal);
  fit_bytes(question, proposal);
  const auto& encoding = proposal.encoding;
  const double noise = encoding.total_noise(static_cast<std::uint64_t>(at_one)).model /
                       std::ldexp(encoding.clip_l2, encoding.scale_log2);
  proposal.noise_to_signal =
      noise * std::sqrt(static_cast<double>(question.gateways) * encoding.parameters) / reached;
  const auto wire = wire_of(question, encoding);
  proposal.chunks = wire.chunks;
  proposal.update_bytes = wire.bytes;
  proposal.journal_bytes = std::uint64_t{proposal.update_bytes} * question.devices;
  return proposal;
}

boost::json::object proposal_object(const RoundQuestion& question, const RoundProposal& proposal) {
  const auto& encoding = proposal.encoding;
  boost::json::object spec{{"mode", mode_of(question)},
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
  if (question.device_noise > 0) {
    if (!question.epsilon) spec["privacy"] = boost::json::object{};
    spec["privacy"].as_object()["device_noise"] = question.device_noise;
  }
  if (proposal.blocks > 0) {
    spec["subset"] = {{"share", proposal.share}, {"block_words", proposal.block_words}};
  }
  boost::json::value neighbourhood(nullptr);
  if (proposal.neighbourhood) {
    neighbourhood = {{"neighbours", proposal.neighbourhood->neighbours},
                     {"threshold", proposal.neighbourhood->threshold}};
  }
  return {{"ring_bits", static_cast<std::uint32_t>(encoding.bits)},
          {"blocks", proposal.blocks},
          {"block_words", proposal.block_words},
          {"travelling", encoding.parameters},
          {"pairwise", std::move(neighbourhood)},
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
       << (proposal.n_min < fewest_honest ? " Fewer than 10 hide a device poorly." : "") << "\n"
       << more_text(question, proposal);
  if (question.epsilon) text << noise_text(question, proposal);
  return text.str();
}

}  // namespace tributary::cli
