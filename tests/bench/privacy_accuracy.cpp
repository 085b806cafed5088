// What privacy costs in accuracy: federated training in one process with the devices' own trainer and encoding,
// the released sums' own noise, and the ledger. No network, no masks: they change no word of a sum.
//   bench_privacy_accuracy [--data fashion-mnist] [--devices 1000] [--rounds 40] [--clip 0.5] [--json FILE]
// One site with one helper, so two parties add noise. Prints a table: epsilon none, 8, 4, 2; every device in every
// round; one of `--separation` cohorts per round with independent and with correlated noise.
#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "crypto/privacy/sum_noise.hpp"
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
  std::uint32_t devices = 1000;
  std::uint32_t rounds = 40;
  std::uint32_t separation = 4;
  std::uint32_t local_steps = 20;
  std::uint32_t batch = 20;
  float learning_rate = 0.05F;
  double clip = 0.5;
  double delta = 1e-5;
  std::string json;
};

struct Setting {
  double epsilon;  // 0: no privacy
  std::uint32_t separation;
  std::uint32_t band;
};

template <class T>
T must(fleet::Outcome<T> outcome) {
  if (!outcome) {
    std::cerr << "bench_privacy_accuracy: " << outcome.error().text << '\n';
    std::exit(2);
  }
  return std::move(*outcome);
}

class Simulation {
 public:
  explicit Simulation(const Options& options)
      : options_(options), data_(must(fleet::load_dataset(options.data, {}))) {
    const auto rows =
        must(fleet::partition_rows(data_, must(fleet::parse_partition("iid")), options.devices, 1));
    shares_ = fleet::PartitionedExamples(data_, rows);
    model_ = options.model.empty() ? "mlp:" + std::to_string(data_.train.features) + "-" +
                                         std::to_string(data_.classes)
                                   : options.model;
  }

  struct Result {
    double accuracy;
    double noise_multiplier;
    double epsilon_spent;
  };
  Result run(const Setting& setting) const;
  const std::string& model() const { return model_; }

 private:
  crypto::EncodingPlan plan_for(std::uint32_t parameters, double noise, std::uint32_t n) const;
  Bytes update(std::uint32_t device, std::uint32_t round, const std::vector<float>& weights,
               const crypto::EncodingPlan& plan) const;

  Options options_;
  fleet::Dataset data_;
  fleet::PartitionedExamples shares_;
  std::string model_;
};

crypto::EncodingPlan Simulation::plan_for(std::uint32_t parameters, double noise,
                                          std::uint32_t n) const {
  crypto::EncodingPlan plan{crypto::RingBits::b32, parameters, 0,  options_.clip,
                            options_.clip,         0,          10, 4};
  plan.noise = noise;
  crypto::choose_scales(plan, n);
  return plan;
}

Bytes Simulation::update(std::uint32_t device, std::uint32_t round,
                         const std::vector<float>& weights,
                         const crypto::EncodingPlan& plan) const {
  const auto trainer = must(fleet::make_trainer(model_, shares_.of(device)));
  const auto& t = trainer->trainer();
  auto local = weights;
  std::vector<float> gradient(local.size());
  trib_update_summary summary{1, 0, 0, 0};
  for (std::uint32_t step = 0; step < options_.local_steps; ++step) {
    trib_batch_report report{};
    if (t.gradient(t.user, local.data(), gradient.data(), options_.batch,
                   (std::uint64_t{round} << 32) + device, step, &report) != TRIB_OK) {
      throw std::runtime_error("a device's training failed");
    }
    for (std::size_t j = 0; j < local.size(); ++j) local[j] -= options_.learning_rate * gradient[j];
  }
  const trib_encoding encoding{32,
                               plan.scale_log2,
                               static_cast<float>(plan.clip_l2),
                               static_cast<float>(plan.clip_inf),
                               1,
                               plan.weight_scale_log2,
                               static_cast<float>(plan.loss_cap),
                               plan.canary_words,
                               false,
                               0};
  for (std::size_t j = 0; j < local.size(); ++j) local[j] -= weights[j];
  if (trib_clip(local.data(), plan.parameters, &encoding) != TRIB_OK) {
    throw std::runtime_error("a device's update is not finite");
  }
  std::vector<std::int32_t> words(plan.words());
  trib_encode_words(words.data(), 0, static_cast<std::uint32_t>(words.size()), local.data(),
                    plan.parameters, &encoding, &summary, nullptr);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(words.data());
  return {bytes, bytes + 4 * words.size()};
}

Simulation::Result Simulation::run(const Setting& setting) const {
  auto weights = must(fleet::initial_model(model_, 1));
  const auto parameters = static_cast<std::uint32_t>(weights.size());
  const std::uint32_t cap = (options_.rounds + setting.separation - 1) / setting.separation;
  privacy::Terms terms{0, {setting.separation, cap}, setting.band};
  const privacy::Budget budget{setting.epsilon, options_.delta};
  if (setting.epsilon > 0) {
    terms.noise_multiplier = privacy::multiplier_for(budget, terms, options_.rounds);
  }
  const auto plan = plan_for(parameters, privacy::noise_in_sum(terms, 2), options_.devices);
  const privacy::NoiseKey keys[] = {privacy::NoiseKey::random(), privacy::NoiseKey::random()};
  for (std::uint32_t round = 1; round <= options_.rounds; ++round) {
    Bytes sum(plan.words() * 4);
    std::uint64_t count = 0;
    for (std::uint32_t device = round % setting.separation; device < options_.devices;
         device += setting.separation, ++count) {
      crypto::ring_add(plan.bits, sum, update(device, round, weights, plan));
    }
    privacy::NoiseName name{};
    name.round = round;
    name.ctx_hash.bytes[0] = static_cast<std::uint8_t>(round);
    if (setting.epsilon > 0) {
      for (const auto& key : keys) privacy::add_sum_noise(plan, terms, key, name, sum);
    }
    const crypto::WordSums sums{crypto::ring_centre(plan.bits, sum), count};
    if (crypto::check_sum(plan, sums) != crypto::SumFault::none) {
      throw std::runtime_error("the combiner would refuse this sum");
    }
    const auto mean = crypto::decode_mean(plan, sums);
    for (std::size_t j = 0; j < weights.size(); ++j) weights[j] += mean.delta[j];
  }
  const double spent =
      setting.epsilon > 0 ? privacy::Ledger(budget, terms).spent(options_.rounds) : 0;
  return {must(fleet::score_model(model_, weights, data_.test)).accuracy, terms.noise_multiplier,
          spent};
}

void report(const Options& options) {
  const Simulation simulation(options);
  boost::json::array rows;
  std::printf("%s, %s, %u devices, %u rounds, clip %g, delta %g\n", options.data.c_str(),
              simulation.model().c_str(), options.devices, options.rounds, options.clip,
              options.delta);
  std::printf(
      "| epsilon | every round | 1 of %u cohorts, independent noise | 1 of %u cohorts, correlated "
      "noise |\n",
      options.separation, options.separation);
  std::printf("|---|---|---|---|\n");
  for (const double epsilon : {0.0, 8.0, 4.0, 2.0}) {
    std::printf("| %s |", epsilon > 0 ? std::to_string(static_cast<int>(epsilon)).c_str() : "none");
    for (const auto& setting : {Setting{epsilon, 1, 1}, Setting{epsilon, options.separation, 1},
                                Setting{epsilon, options.separation, options.separation}}) {
      const auto result = simulation.run(setting);
      std::printf(" %.1f %% |", 100 * result.accuracy);
      std::fflush(stdout);
      rows.push_back(boost::json::object{{"epsilon", epsilon},
                                         {"separation", setting.separation},
                                         {"band", setting.band},
                                         {"noise_multiplier", result.noise_multiplier},
                                         {"epsilon_spent", result.epsilon_spent},
                                         {"accuracy", result.accuracy}});
    }
    std::printf("\n");
  }
  if (options.json.empty()) return;
  std::ofstream(options.json) << boost::json::serialize(rows) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What privacy costs in accuracy");
  Options options;
  app.add_option("--data", options.data)->capture_default_str();
  app.add_option("--model", options.model, "default: one layer");
  app.add_option("--devices", options.devices)->capture_default_str();
  app.add_option("--rounds", options.rounds)->capture_default_str();
  app.add_option("--separation", options.separation, "also the band")->capture_default_str();
  app.add_option("--local-steps", options.local_steps)->capture_default_str();
  app.add_option("--batch", options.batch)->capture_default_str();
  app.add_option("--learning-rate", options.learning_rate)->capture_default_str();
  app.add_option("--clip", options.clip)->capture_default_str();
  app.add_option("--delta", options.delta)->capture_default_str();
  app.add_option("--json", options.json);
  CLI11_PARSE(app, argc, argv);
  report(options);
  return 0;
}
