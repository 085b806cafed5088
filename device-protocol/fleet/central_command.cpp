#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "device-protocol/fleet/central.hpp"
#include "device-protocol/fleet/commands.hpp"
#include "device-protocol/fleet/initial_model.hpp"
#include "device-protocol/fleet/model_file.hpp"

namespace tributary::fleet {
namespace {

struct CentralArguments {
  DataOptions data;
  std::string model;
  std::string initial;
  std::string task_spec;
  std::uint64_t devices = 1;
  CentralPlan plan;
  bool json = false;
};

Outcome<CentralPlan> plan_of(const CentralArguments& arguments) {
  if (arguments.task_spec.empty()) return arguments.plan;
  std::ifstream file(arguments.task_spec);
  const std::string spec{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Fault{arguments.task_spec + ": cannot be read"};
  return plan_of_task(spec, arguments.devices, arguments.plan.seed);
}

Outcome<Score> train(const CentralArguments& arguments, CentralPlan& plan) {
  const auto data = load_dataset(arguments.data.data, arguments.data.data_dir);
  if (!data) return data.error();
  const auto planned = plan_of(arguments);
  if (!planned) return planned.error();
  plan = *planned;
  auto initial = arguments.initial.empty() ? initial_model(arguments.model, plan.seed)
                                           : read_model_file(arguments.initial);
  if (!initial) return initial.error();
  const auto trained = train_centrally(*data, arguments.model, std::move(*initial), plan);
  if (!trained) return trained.error();
  return score_model(arguments.model, *trained, data->test);
}

int central(const CentralArguments& arguments) {
  CentralPlan plan;
  const auto score = train(arguments, plan);
  if (!score) return complain(score.error().text, 2);
  if (arguments.json) {
    const boost::json::object result{{"accuracy", score->accuracy},
                                     {"loss", score->loss},
                                     {"steps", plan.steps},
                                     {"examples", plan.steps * plan.batch_size}};
    std::cout << boost::json::serialize(result) << '\n';
  } else {
    std::printf("central: accuracy %.2f %%, loss %.4f on the test set after %llu steps\n",
                100 * score->accuracy, score->loss, static_cast<unsigned long long>(plan.steps));
  }
  return 0;
}

}  // namespace

void add_central(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<CentralArguments>();
  auto* command = app.add_subcommand("central", "Train the same model in one place, to compare");
  auto& plan = arguments->plan;
  add_data_options(*command, arguments->data);
  command->add_option("--model", arguments->model, "For example mlp:784-32-10")->required();
  command->add_option("--initial", arguments->initial, "Begin with this model, .npy or raw");
  command->add_option("--steps", plan.steps, "Steps of gradient descent")->capture_default_str();
  command->add_option("--batch", plan.batch_size, "Examples per step")
      ->check(CLI::Range(1U, 1000000U))
      ->capture_default_str();
  command->add_option("--learning-rate", plan.learning_rate, "Of each step")->capture_default_str();
  command->add_option("--clipping-norm", plan.clipping_norm, "L2 clip of each gradient; 0: off")
      ->capture_default_str();
  command->add_option("--seed", plan.seed, "Of initial weights and batches")->capture_default_str();
  command->add_option("--task-spec", arguments->task_spec,
                      "Take steps, batch and learning rate from this task spec (JSON)");
  command
      ->add_option("--devices", arguments->devices,
                   "With --task-spec: contributions per round where its cohort_size is 0")
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "Print the result as JSON");
  command->callback([arguments, &exit_code] { exit_code = central(*arguments); });
}

}  // namespace tributary::fleet
