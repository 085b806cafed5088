#include "cloud/cli/plan_commands.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <memory>
#include <sstream>

#include "cloud/cli/commands.hpp"
#include "cloud/cli/files.hpp"
#include "cloud/cli/round_plan.hpp"
#include "cloud/service/exit_code.hpp"

namespace tributary::cli {
namespace {

// Beyond these the gateway's work and the devices' radio time grow past the other modes'.
constexpr std::uint32_t recommended_devices = 300;

std::uint32_t millionths(double share) {
  return std::min(static_cast<std::uint32_t>(std::llround(share * 1e6)), 999'999U);
}

std::string percent(double share) {
  std::ostringstream text;
  text << share * 100 << " %";
  return text.str();
}

std::string why_not(const PairwiseQuestion& question, const pairwise::Infeasible& infeasible) {
  const std::string remedy =
      "; lower --corrupt or --dropout" +
      std::string(question.gateway == "active"
                      ? ", or, if you trust it that far, assume --gateway semi-honest"
                      : "");
  if (infeasible.neighbours_needed) {
    return "plan pairwise: these assumptions need " +
           std::to_string(*infeasible.neighbours_needed) +
           " neighbours per device and a secret has shares for at most " +
           std::to_string(pairwise::most_neighbours) + remedy + ", or --sigma or --eta";
  }
  return "plan pairwise: no threshold is above what corrupt devices could open and below what "
         "survivors can" +
         remedy + ", or plan for more --devices";
}

// CLI::Range lets "nan" through.
CLI::Validator share() {
  return CLI::Validator(
      [](std::string& text) {
        double value = 0;
        const bool good = CLI::detail::lexical_cast(text, value) && value >= 0 && value < 1;
        return good ? std::string() : "Value " + text + " is not a share from 0 to below 1";
      },
      "SHARE");
}

void add_pairwise(CLI::App& plan) {
  auto* command = plan.add_subcommand(
      "pairwise", "Neighbours and threshold of masks between devices, without a helper");
  auto question = std::make_shared<PairwiseQuestion>();
  auto as_json = std::make_shared<bool>(false);
  command->add_option("--devices", question->devices, "Devices at the gateway, 3..100000")
      ->required()
      ->check(CLI::Range(pairwise::fewest_devices, pairwise::most_devices));
  command->add_option("--corrupt", question->corrupt, "Share of devices to assume corrupt, 0.05")
      ->required()
      ->check(share());
  command->add_option("--dropout", question->dropout, "Share of devices that may drop out, 0.1")
      ->required()
      ->check(share());
  command->add_option("--gateway", question->gateway, "What the gateway may do")
      ->required()
      ->check(CLI::IsMember({"active", "semi-honest"}));
  command->add_option("--sigma", question->sigma, "Privacy fails at most once in 2^sigma")
      ->capture_default_str()
      ->check(CLI::Range(1, 128));
  command->add_option("--eta", question->eta, "A round fails at most once in 2^eta")
      ->capture_default_str()
      ->check(CLI::Range(1, 128));
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([=] {
    const auto parameters = plan_pairwise(*question);
    if (*as_json) {
      std::cout << boost::json::serialize(plan_object(parameters)) << '\n';
    } else {
      std::cout << plan_text(*question, parameters);
    }
  });
}

void add_round(CLI::App& plan) {
  auto* command = plan.add_subcommand("round", "Ring, scale, cohort and noise of a task's rounds");
  auto question = std::make_shared<RoundQuestion>();
  auto bits = std::make_shared<std::uint32_t>(0);
  auto epsilon = std::make_shared<double>(0);
  auto as_json = std::make_shared<bool>(false);
  command->add_option("--devices", question->devices, "Devices at each gateway")
      ->required()
      ->check(CLI::Range(2U, 5000U));
  command->add_option("--parameters", question->parameters, "Of the model")
      ->required()
      ->check(CLI::Range(1U, 1U << 24U));
  command->add_option("--gateways", question->gateways, "Sites of the task")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1000U));
  command
      ->add_option("--helpers", question->helpers,
                   "Of each gateway; 0: mode trusted-gateway, where the gateway sees updates")
      ->capture_default_str()
      ->check(CLI::Range(0U, 3U));
  command->add_flag("--pairwise", question->pairwise,
                    "Mode pairwise: devices mask with each other, there is no helper");
  command
      ->add_option("--bytes", question->update_bytes,
                   "The most an update may have on the wire; fewer parameters travel then")
      ->check(CLI::Range(256U, 1U << 30U));
  command
      ->add_option("--device-noise", question->device_noise,
                   "What each device adds to its own words, in units of its update's norm")
      ->check(CLI::Range(0.0, 1e3));
  command->add_option("--dropout", question->dropout, "Share of devices that vanish in a round")
      ->capture_default_str()
      ->check(share());
  command->add_option("--clip-l2", question->clip_l2)
      ->capture_default_str()
      ->check(CLI::Range(1e-6, 1e6));
  command->add_option("--clip-inf", question->clip_inf)
      ->capture_default_str()
      ->check(CLI::Range(1e-6, 1e6));
  command->add_option("--ring-bits", *bits, "16, 24 or 32; left out: the narrowest that will do")
      ->check(CLI::IsMember({16, 24, 32}));
  command->add_option("--epsilon", *epsilon, "Budget of differential privacy; left out: none")
      ->check(CLI::Range(1e-3, 1e3));
  command->add_option("--delta", question->delta)
      ->capture_default_str()
      ->check(CLI::Range(1e-30, 0.1));
  command->add_option("--participations", question->participations, "Rounds of one device")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1000000U));
  command->add_flag("--json", *as_json, "Print JSON, with the members of a task spec to copy");
  command->callback([=] {
    if (*bits != 0) question->ring_bits = crypto::ring_bits(*bits);
    if (*epsilon > 0) question->epsilon = *epsilon;
    if (question->pairwise) question->helpers = 0;
    const auto proposal = propose_round(*question);
    if (*as_json) {
      std::cout << boost::json::serialize(proposal_object(*question, proposal)) << '\n';
    } else {
      std::cout << proposal_text(*question, proposal);
    }
  });
}

}  // namespace

pairwise::Parameters plan_pairwise(const PairwiseQuestion& question) {
  const auto gateway = question.gateway == "active" ? pairwise::GatewayModel::active
                                                    : pairwise::GatewayModel::semi_honest;
  const auto found = pairwise::find_parameters({question.devices, millionths(question.corrupt),
                                                millionths(question.dropout), gateway,
                                                question.sigma, question.eta});
  if (!found) throw CommandFault(why_not(question, found.reason()), service::exit_configuration);
  return *found;
}

boost::json::object plan_object(const pairwise::Parameters& parameters) {
  return {{"neighbours", parameters.neighbours},
          {"threshold_min", parameters.threshold_min},
          {"threshold", parameters.threshold}};
}

std::string plan_text(const PairwiseQuestion& question, const pairwise::Parameters& parameters) {
  std::ostringstream text;
  text << "Each device masks its update with " << parameters.neighbours
       << " neighbours and leaves each of them a share of its keys; any " << parameters.threshold
       << " of the shares open them (" << parameters.threshold_min
       << " is the least that is safe).\n"
       << "Against a gateway assumed " << question.gateway << " and up to "
       << percent(question.corrupt) << " corrupt of " << question.devices
       << " devices, a single update stays hidden but for a "
       << "chance of 2^-" << question.sigma << "; with up to " << percent(question.dropout)
       << " dropping out, a round can be finished but for a chance of 2^-" << question.eta << ".\n";
  if (question.devices > recommended_devices) {
    text << "For more than 300 devices split-trust is recommended instead: it needs no second "
            "wake-up and no public-key work per round.\n";
  } else {
    text << "Recommended where no helper of another operator exists, up to 300 devices and 50,000 "
            "parameters; else prefer split-trust, whose devices wake up once.\n";
  }
  return text.str();
}

void add_plan_commands(CLI::App& program) {
  auto* plan = program.add_subcommand("plan", "Parameters for a task, before it is made");
  plan->require_subcommand(1);
  add_pairwise(*plan);
  add_round(*plan);
}

}  // namespace tributary::cli
