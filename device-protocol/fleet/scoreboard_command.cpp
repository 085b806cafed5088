#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <future>
#include <iostream>
#include <memory>

#include "device-protocol/fleet/commands.hpp"
#include "device-protocol/fleet/initial_model.hpp"
#include "device-protocol/fleet/local_trainer.hpp"
#include "device-protocol/fleet/model_file.hpp"
#include "device-protocol/fleet/scoreboard.hpp"

namespace tributary::fleet {
namespace {

struct ScoreboardArguments {
  DataOptions data;
  CoordinatorAccess access;
  std::string task;
  std::uint64_t seed = 1;
  std::uint64_t devices = 1;
  std::string true_vectors;
  std::optional<double> central_accuracy;
  bool central = false;
  std::string initial;
  std::string json;
  double points = 5;
};

Outcome<Score> train_for_comparison(const ScoreboardArguments& arguments, const Dataset& data,
                                    const TaskView& task) {
  const auto plan = plan_of_task(task.spec, arguments.devices, arguments.seed);
  if (!plan) return plan.error();
  auto initial = arguments.initial.empty() ? initial_model(task.model, arguments.seed)
                                           : read_model_file(arguments.initial);
  if (!initial) return initial.error();
  const auto trained = train_centrally(data, task.model, std::move(*initial), *plan);
  if (!trained) return trained.error();
  return score_model(task.model, *trained, data.test);
}

// In the background and politely: the devices on this machine have deadlines, this has none.
std::future<Outcome<Score>> begin_comparison(const ScoreboardArguments& arguments,
                                             const Dataset& data, const TaskView& task) {
  return std::async(std::launch::async, [&arguments, &data, task] {
    ::setpriority(PRIO_PROCESS, 0, 10);
    return train_for_comparison(arguments, data, task);
  });
}

bool write_json(const std::string& path, const ScoreboardResult& result,
                std::optional<double> central) {
  boost::json::array rounds;
  for (const auto& row : result.rounds) {
    rounds.push_back({{"round", row.round.number},
                      {"accuracy", row.score.accuracy},
                      {"loss", row.score.loss},
                      {"survivors", row.round.survivors},
                      {"dropped", row.round.dropped},
                      {"bytes_per_parameter", row.bytes_per_parameter},
                      {"seconds", row.round.seconds}});
  }
  boost::json::object report{{"rounds", std::move(rounds)},
                             {"rounds_abandoned", result.abandoned},
                             {"final_accuracy", nullptr},
                             {"central_accuracy", nullptr},
                             {"sums_verified", result.sums.verified},
                             {"sums_wrong", result.sums.wrong}};
  if (!result.rounds.empty()) report["final_accuracy"] = result.rounds.back().score.accuracy;
  if (central) report["central_accuracy"] = *central;
  std::ofstream file(path, std::ios::trunc);
  file << boost::json::serialize(report) << '\n';
  file.close();
  return !file.fail();
}

int conclude(const ScoreboardArguments& arguments, const ScoreboardResult& result,
             std::optional<double> central) {
  std::cout << '\n';
  if (!result.rounds.empty()) {
    std::printf("federated: accuracy %.2f %%, loss %.4f after %zu rounds\n",
                100 * result.rounds.back().score.accuracy, result.rounds.back().score.loss,
                result.rounds.size());
  }
  if (central) std::printf("central:   accuracy %.2f %%\n", 100 * *central);
  if (!arguments.true_vectors.empty()) {
    std::printf("released sums: %llu equal to the true sums, %llu wrong\n",
                static_cast<unsigned long long>(result.sums.verified),
                static_cast<unsigned long long>(result.sums.wrong));
  }
  std::fflush(stdout);
  int code = 0;
  for (const auto& text :
       shortcomings(result, !arguments.true_vectors.empty(), central, arguments.points / 100)) {
    code = complain(text, 1);
  }
  if (!arguments.json.empty() && !write_json(arguments.json, result, central)) {
    code = complain(arguments.json + ": cannot be written", 1);
  }
  return code;
}

int scoreboard(ScoreboardArguments& arguments) {
  const auto data = load_dataset(arguments.data.data, arguments.data.data_dir);
  if (!data) return complain(data.error().text, 2);
  const auto coordinator = Coordinator::at(arguments.access);
  if (!coordinator) return complain(coordinator.error().text, 2);
  const auto task = task_of(*coordinator, arguments.task);
  if (!task) return complain(task.error().text, 1);
  if (!task->exact_sums && !arguments.true_vectors.empty()) {
    std::cout
        << "released sums are not compared: this task changes them, by noise or by a rule over "
           "devices\n";
    arguments.true_vectors.clear();
  }
  if (task->device_noise && !arguments.true_vectors.empty()) {
    std::cout << "devices add noise of their own: sums are compared with vectors that hold it, to "
                 "the unit\n";
  }
  Scoreboard board(*coordinator, *data, arguments.task, arguments.true_vectors);
  // Found out now rather than after the first round.
  const LocalExamples all{data->train.values.data(), data->train.labels.data(),
                          data->train.features, data->classes,
                          static_cast<std::uint32_t>(data->train.rows())};
  if (const auto fits = make_trainer(task->model, all); !fits)
    return complain(fits.error().text, 2);
  std::future<Outcome<Score>> comparison;
  if (arguments.central) comparison = begin_comparison(arguments, *data, *task);
  const auto result = board.follow(*task);
  if (!result) return complain(result.error().text, 1);
  auto central = arguments.central_accuracy;
  if (comparison.valid()) {
    const auto score = comparison.get();
    if (!score) return complain("central training: " + score.error().text, 1);
    central = score->accuracy;
  }
  return conclude(arguments, *result, central);
}

void add_access(CLI::App& command, CoordinatorAccess& access) {
  command.add_option("--coordinator", access.url, "https://HOST:PORT of the admin listener")
      ->envname("TRIBUTARY_COORDINATOR")
      ->required();
  command.add_option("--ca", access.ca, "PEM file of the CA that signed its certificate")
      ->envname("TRIBUTARY_CA")
      ->required();
  command.add_option("--token-file", access.token_file, "File with the operator's token")
      ->envname("TRIBUTARY_TOKEN_FILE")
      ->required();
}

}  // namespace

void add_scoreboard(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ScoreboardArguments>();
  auto* command = app.add_subcommand("scoreboard", "Follow a task and score every released model");
  command->add_option("--task", arguments->task, "Task id")->required();
  add_access(*command, arguments->access);
  add_data_options(*command, arguments->data);
  command->add_option("--seed", arguments->seed, "Of central training")->capture_default_str();
  command->add_option("--devices", arguments->devices,
                      "With --central: contributions per round where the task's cohort_size is 0");
  command->add_option("--verify-sums", arguments->true_vectors,
                      "Compare every released sum with the vectors 'run' recorded in this folder");
  auto* central = command->add_flag("--central", arguments->central,
                                    "Train centrally meanwhile, on as many examples, to compare");
  command
      ->add_option("--central-accuracy", arguments->central_accuracy,
                   "Compare with this accuracy, 0 to 1, instead")
      ->check(CLI::Range(0.0, 1.0))
      ->excludes(central);
  command->add_option("--initial", arguments->initial,
                      "With --central: begin with this model, .npy or raw");
  command
      ->add_option("--points", arguments->points,
                   "Percentage points below central training at which the run has failed")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command->add_option("--json", arguments->json, "Write rounds and final figures to this file");
  command->callback([arguments, &exit_code] { exit_code = scoreboard(*arguments); });
}

}  // namespace tributary::fleet
