#include <CLI/CLI.hpp>
#include <charconv>
#include <memory>

#include "device-protocol/fleet/commands.hpp"
#include "device-protocol/fleet/fleet.hpp"

namespace tributary::fleet {
namespace {

struct RunArguments {
  FleetOptions fleet;
  DataOptions data;
  std::string stragglers;
  unsigned stop_after = 0;
  unsigned away = 30;
  unsigned status = 10;
  bool in_memory = false;
};

// "P:FACTOR"
bool parse_stragglers(const std::string& text, DeviceBehaviour& behaviour) {
  const char* end = text.data() + text.size();
  const auto share = std::from_chars(text.data(), end, behaviour.straggler_share);
  if (share.ec != std::errc{} || share.ptr == end || *share.ptr != ':') return false;
  const auto factor = std::from_chars(share.ptr + 1, end, behaviour.straggler_factor);
  return factor.ec == std::errc{} && factor.ptr == end && behaviour.straggler_share >= 0 &&
         behaviour.straggler_share <= 1 && behaviour.straggler_factor >= 1 &&
         behaviour.straggler_factor <= 1000;
}

int run(RunArguments& arguments) {
  auto& fleet = arguments.fleet;
  if (fleet.state.empty() == !arguments.in_memory) {
    return complain("give either --state DIR or --volatile", 2);
  }
  if (!arguments.stragglers.empty() && !parse_stragglers(arguments.stragglers, fleet.behaviour)) {
    return complain("--stragglers " + arguments.stragglers +
                        ": give P:FACTOR, a share from 0 to 1 and a factor from 1 to 1000",
                    2);
  }
  fleet.data = arguments.data.data;
  fleet.data_dir = arguments.data.data_dir;
  fleet.behaviour.away = std::chrono::seconds(arguments.away);
  fleet.status_every = std::chrono::seconds(arguments.status);
  if (arguments.stop_after > 0) {
    fleet.stop_after = std::chrono::seconds(arguments.stop_after);
  }
  const auto ran = run_fleet(fleet);
  return ran ? 0 : complain(ran.error().text, 2);
}

void add_behaviour(CLI::App& command, RunArguments& arguments) {
  auto& behaviour = arguments.fleet.behaviour;
  command
      .add_option("--dropout", behaviour.dropout,
                  "Probability that a device vanishes at a random step of a round")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--away", arguments.away,
                  "Seconds after which a vanished device is back at the latest; it is back "
                  "earlier when the next round begins")
      ->check(CLI::Range(1U, 86400U))
      ->capture_default_str();
  command.add_option(
      "--stragglers", arguments.stragglers,
      "P:FACTOR: each device with probability P takes FACTOR times as long to train");
  command.add_option("--seed", behaviour.seed, "Of partition, drop-outs and stragglers")
      ->capture_default_str();
  command
      .add_option("--checkpoint-steps", behaviour.checkpoint_steps,
                  "Save the weights every so many local steps; 0: only when trained")
      ->capture_default_str();
  command
      .add_option("--model", behaviour.model,
                  "Take part only in rounds of this model; auto: in all that fit the data")
      ->capture_default_str();
  command
      .add_option("--synthetic", behaviour.synthetic,
                  "Load test: a gradient of so many parameters that costs next to nothing, no data")
      ->check(CLI::Range(1U, 100000000U));
  auto* attackers = command
                        .add_option("--attackers", arguments.fleet.attackers,
                                    "Who attacks: a gateway's hex id for all of its devices, or a "
                                    "share of every gateway's, 0 to 1; repeatable")
                        ->take_all();
  command
      .add_option("--attack", arguments.fleet.attack,
                  "What they upload instead of what they learned")
      ->check(CLI::IsMember({"sign-flip", "scaled", "garbage"}))
      ->needs(attackers);
  command.add_option("--verify-sums", behaviour.true_vectors,
                     "Record every contribution unmasked in this folder, for scoreboard to check "
                     "sums with. Only for demonstrations");
  command.add_option("--receipts", behaviour.receipts,
                     "Write down who holds a receipt for which round in this file");
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<RunArguments>();
  auto* command = app.add_subcommand("run", "Run devices until SIGTERM");
  auto& fleet = arguments->fleet;
  command
      ->add_option("--devices-dir", fleet.devices_dir,
                   "Folder of <hex device id>/identity, written by 'tributary authority device'")
      ->required()
      ->check(CLI::ExistingDirectory);
  command
      ->add_option("--broker", fleet.brokers,
                   "GATEWAY=HOST:PORT with a gateway's hex id or name; repeatable. HOST:PORT "
                   "alone: for all gateways not named")
      ->required();
  command->add_option("--state", fleet.state, "Folder for the devices' durable records");
  command->add_flag("--volatile", arguments->in_memory, "Keep the records in memory instead");
  add_data_options(*command, arguments->data);
  command->add_option("--partition", fleet.partition, "iid, dirichlet:ALPHA or per-file")
      ->capture_default_str();
  add_behaviour(*command, *arguments);
  command->add_option("--workers", fleet.workers, "Threads that train")
      ->check(CLI::Range(1U, 256U))
      ->capture_default_str();
  command
      ->add_option("--concurrency", fleet.concurrency,
                   "Devices that hold a round, and model buffers, at the same time")
      ->check(CLI::Range(1U, 100000U))
      ->capture_default_str();
  command->add_option("--stop-after", arguments->stop_after, "Stop after so many seconds");
  command->add_option("--status", arguments->status, "Seconds between status lines; 0: none")
      ->capture_default_str();
  command->add_flag("--json", fleet.json, "Status and summary as JSON, one object a line");
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace tributary::fleet
