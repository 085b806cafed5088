#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <memory>

#include "device-protocol/fleet/commands.hpp"
#include "device-protocol/fleet/dataset.hpp"
#include "device-protocol/fleet/initial_model.hpp"
#include "device-protocol/fleet/model_file.hpp"

namespace tributary::fleet {
namespace {

struct ModelArguments {
  std::string model;
  std::string statistics;
  std::string out;
  std::uint64_t seed = 1;
};

int describe(const DataOptions& options) {
  const auto data = load_dataset(options.data, options.data_dir);
  if (!data) return complain(data.error().text, 2);
  const boost::json::object description{{"data", data->name},
                                        {"features", data->train.features},
                                        {"classes", data->classes},
                                        {"examples", data->train.rows()},
                                        {"test_examples", data->test.rows()},
                                        {"devices", data->file_rows.size()}};
  std::cout << boost::json::serialize(description) << '\n';
  return 0;
}

int write(const Outcome<std::vector<float>>& model, const std::string& path) {
  if (!model) return complain(model.error().text, 2);
  const auto written = write_model_file(path, *model);
  return written ? 0 : complain(written.error().text, 1);
}

int standardise(const ModelArguments& arguments) {
  const auto statistics = read_model_file(arguments.statistics);
  if (!statistics) return complain(statistics.error().text, 2);
  const auto standardisation = standardisation_of(*statistics);
  if (!standardisation) {
    return complain(arguments.statistics + ": " + standardisation.error().text, 2);
  }
  return write(standardised_model(arguments.model, *standardisation, arguments.seed),
               arguments.out);
}

void add_model_options(CLI::App& command, ModelArguments& arguments) {
  command.add_option("--model", arguments.model, "For example mlp:784-32-10")->required();
  command.add_option("--seed", arguments.seed, "Of the random weights")->capture_default_str();
  command.add_option("--out", arguments.out, "File to write: NumPy for *.npy, else raw float32")
      ->required();
}

}  // namespace

void add_describe(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DataOptions>();
  auto* command = app.add_subcommand("describe", "Print a data set's shape as JSON");
  add_data_options(*command, *options);
  command->callback([options, &exit_code] { exit_code = describe(*options); });
}

void add_initial(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ModelArguments>();
  auto* command = app.add_subcommand("initial", "Write a model to begin with");
  add_model_options(*command, *arguments);
  command->callback([arguments, &exit_code] {
    exit_code = write(initial_model(arguments->model, arguments->seed), arguments->out);
  });
}

void add_standardise(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ModelArguments>();
  auto* command = app.add_subcommand(
      "standardise", "Write a standardise+mlp model from the model of a finished statistics task");
  add_model_options(*command, *arguments);
  command->add_option("--statistics", arguments->statistics, "That task's model, .npy or raw")
      ->required()
      ->check(CLI::ExistingFile);
  command->callback([arguments, &exit_code] { exit_code = standardise(*arguments); });
}

}  // namespace tributary::fleet
