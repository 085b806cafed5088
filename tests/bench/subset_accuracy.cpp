// What sending fewer words costs in accuracy: federated training in one process with the devices' own trainer,
// subsets and encoding. No network, no masks: they change no word of a sum.
//   bench_subset_accuracy [--data fashion-mnist] [--devices 40] [--rounds 30] [--json FILE]
// Prints a table: 1, 1/4 and 1/8 of the words, drawn anew each round, with and without error feedback; and the last
// layer alone.
#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "crypto/quantise.hpp"
#include "crypto/subset.hpp"
#include "device-protocol/fleet/central.hpp"
#include "device-protocol/fleet/initial_model.hpp"
#include "device-protocol/fleet/local_trainer.hpp"
#include "device-protocol/fleet/partition.hpp"
#include "device-protocol/src/encode.h"

namespace {

using namespace tributary;

struct Options {
  std::string data = "fashion-mnist";
  std::string model;
  std::string partition = "dirichlet:0.5";
  std::uint32_t devices = 40;
  std::uint32_t rounds = 30;
  std::uint32_t local_steps = 30;
  std::uint32_t batch = 20;
  std::uint32_t block_words = 64;
  float learning_rate = 0.1F;
  double clip_l2 = 10;
  double clip_inf = 1;
  std::string json;
};

struct Setting {
  const char* name;
  std::uint32_t share;  // one of so many blocks
  bool error_feedback;
  bool last_layer;
};

template <class T>
T must(fleet::Outcome<T> outcome) {
  if (!outcome) {
    std::cerr << "bench_subset_accuracy: " << outcome.error().text << '\n';
    std::exit(2);
  }
  return std::move(*outcome);
}

class Simulation {
 public:
  explicit Simulation(const Options& options)
      : options_(options), data_(must(fleet::load_dataset(options.data, {}))) {
    const auto kind = must(fleet::parse_partition(options.partition));
    shares_ = fleet::PartitionedExamples(
        data_, must(fleet::partition_rows(data_, kind, options.devices, 1)));
    const auto features = std::to_string(data_.train.features);
    const auto classes = std::to_string(data_.classes);
    model_ = options.model.empty() ? "mlp:" + features + "-32-" + classes : options.model;
    last_layer_ = (model_.ends_with("-32-" + classes) ? 33 : data_.train.features + 1) *
                  static_cast<std::uint32_t>(data_.classes);
  }

  struct Result {
    double accuracy;
    double bytes;  // of a device's update, on average
  };
  Result run(const Setting& setting);
  const std::string& model() const { return model_; }

 private:
  crypto::Subset subset(const Setting& setting, std::uint32_t parameters,
                        std::uint32_t round) const;
  std::vector<float> trained(std::uint32_t device, std::uint32_t round,
                             const std::vector<float>& weights, const crypto::Subset& subset) const;

  Options options_;
  fleet::Dataset data_;
  fleet::PartitionedExamples shares_;
  std::string model_;
  std::uint32_t last_layer_;
};

crypto::Subset Simulation::subset(const Setting& setting, std::uint32_t parameters,
                                  std::uint32_t round) const {
  auto subset = crypto::Subset::whole(parameters);
  if (setting.last_layer) subset.trained = {parameters - last_layer_, last_layer_};
  if (setting.share == 1) return subset;
  subset.block_words = options_.block_words;
  subset.blocks = (subset.all_blocks() + setting.share / 2) / setting.share;
  subset.seed = crypto::block_seed(TaskId{}, round);
  subset.error_feedback = setting.error_feedback;
  return subset;
}

// A device's delta, 0 where it does not train.
std::vector<float> Simulation::trained(std::uint32_t device, std::uint32_t round,
                                       const std::vector<float>& weights,
                                       const crypto::Subset& subset) const {
  const auto trainer = must(fleet::make_trainer(model_, shares_.of(device)));
  const auto& t = trainer->trainer();
  auto local = weights;
  std::vector<float> gradient(local.size());
  for (std::uint32_t step = 0; step < options_.local_steps; ++step) {
    trib_batch_report report{};
    if (t.gradient(t.user, local.data(), gradient.data(), options_.batch,
                   (std::uint64_t{round} << 32) + device, step, &report) != TRIB_OK) {
      throw std::runtime_error("a device's training failed");
    }
    const auto end = subset.trained.first + subset.trained.count;
    for (std::size_t j = subset.trained.first; j < end; ++j) {
      local[j] -= options_.learning_rate * gradient[j];
    }
  }
  for (std::size_t j = 0; j < local.size(); ++j) local[j] -= weights[j];
  return local;
}

Simulation::Result Simulation::run(const Setting& setting) {
  auto weights = must(fleet::initial_model(model_, 1));
  const auto parameters = static_cast<std::uint32_t>(weights.size());
  std::vector<std::vector<float>> residuals(options_.devices);
  double bytes = 0;
  for (std::uint32_t round = 1; round <= options_.rounds; ++round) {
    const auto chosen = subset(setting, parameters, round);
    crypto::EncodingPlan plan{
        crypto::RingBits::b32, chosen.words(), 0, options_.clip_l2, options_.clip_inf, 0, 10, 4};
    crypto::choose_scales(plan, options_.devices);
    const trib_encoding encoding{32,
                                 plan.scale_log2,
                                 static_cast<float>(plan.clip_l2),
                                 static_cast<float>(plan.clip_inf),
                                 1,
                                 plan.weight_scale_log2,
                                 10,
                                 plan.canary_words,
                                 false,
                                 0};
    crypto::WordSums sums{std::vector<std::int64_t>(plan.words()), 0};
    for (std::uint32_t device = 0; device < options_.devices; ++device) {
      auto delta = trained(device, round, weights, chosen);
      auto& residual = residuals[device];
      for (std::size_t j = 0; j < residual.size(); ++j) delta[j] += residual[j];
      auto sent = crypto::gather(chosen, delta);
      if (setting.error_feedback) {
        residual = delta;
        const auto travelled = crypto::scatter(chosen, std::vector<float>(sent.size(), 1.0F));
        for (std::size_t j = 0; j < residual.size(); ++j) {
          if (travelled[j] > 0) residual[j] = 0;
        }
        trib_encoding norm = encoding;
        norm.clip_inf = 1e30F;
        if (trib_clip(residual.data(), parameters, &norm) != TRIB_OK) std::abort();
      }
      if (trib_clip(sent.data(), plan.parameters, &encoding) != TRIB_OK) std::abort();
      std::vector<std::int32_t> words(plan.words());
      const trib_update_summary summary{1, 0, 0, 1};
      trib_encode_words(words.data(), 0, static_cast<std::uint32_t>(words.size()), sent.data(),
                        plan.parameters, &encoding, &summary, nullptr);
      sums.add({{words.begin(), words.end()}, 1});
      bytes += 4.0 * static_cast<double>(words.size()) / options_.devices / options_.rounds;
    }
    if (crypto::check_sum(plan, sums) != crypto::SumFault::none) {
      throw std::runtime_error("the combiner would refuse this sum");
    }
    const auto mean = crypto::scatter(chosen, crypto::decode_mean(plan, sums).delta);
    for (std::size_t j = 0; j < weights.size(); ++j) weights[j] += mean[j];
  }
  return {must(fleet::score_model(model_, weights, data_.test)).accuracy, bytes};
}

void report(const Options& options) {
  Simulation simulation(options);
  boost::json::array rows;
  std::printf("%s, %s, %u devices, %s, %u rounds of %u steps, blocks of %u words\n",
              options.data.c_str(), simulation.model().c_str(), options.devices,
              options.partition.c_str(), options.rounds, options.local_steps, options.block_words);
  std::printf("| what travels | bytes per update | accuracy |\n|---|---|---|\n");
  for (const auto& setting :
       {Setting{"all", 1, false, false}, Setting{"1/4", 4, false, false},
        Setting{"1/4, error feedback", 4, true, false}, Setting{"1/8", 8, false, false},
        Setting{"1/8, error feedback", 8, true, false},
        Setting{"the last layer, which alone is trained", 1, false, true}}) {
    const auto result = simulation.run(setting);
    std::printf("| %s | %.0f | %.2f %% |\n", setting.name, result.bytes, 100 * result.accuracy);
    std::fflush(stdout);
    rows.push_back(boost::json::object{
        {"name", setting.name}, {"bytes", result.bytes}, {"accuracy", result.accuracy}});
  }
  if (!options.json.empty()) std::ofstream(options.json) << boost::json::serialize(rows) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What sending fewer words costs in accuracy");
  Options options;
  app.add_option("--data", options.data)->capture_default_str();
  app.add_option("--model", options.model, "default: one hidden layer of 32");
  app.add_option("--partition", options.partition)->capture_default_str();
  app.add_option("--devices", options.devices)->capture_default_str();
  app.add_option("--rounds", options.rounds)->capture_default_str();
  app.add_option("--local-steps", options.local_steps)->capture_default_str();
  app.add_option("--batch", options.batch)->capture_default_str();
  app.add_option("--block-words", options.block_words)->capture_default_str();
  app.add_option("--learning-rate", options.learning_rate)->capture_default_str();
  app.add_option("--json", options.json);
  CLI11_PARSE(app, argc, argv);
  report(options);
  return 0;
}
