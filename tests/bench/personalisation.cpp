// What a head of each device's own is worth: federated training in one process with the devices' own trainer, and
// every device tested on examples of its own that it never trained on. No network, no masks: they change no sum.
//   bench_personalisation [--data fashion-mnist] [--devices 40] [--alpha 0.3] [--rounds 30] [--json FILE]
// Clients differ in which classes they see (Dirichlet) and, with --relabel, in what they call them.
// Prints a table: one model for all, a shared body with local heads, and each device by itself.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <numeric>
#include <random>

#include "device-protocol/fleet/central.hpp"
#include "device-protocol/fleet/initial_model.hpp"
#include "device-protocol/fleet/local_trainer.hpp"
#include "device-protocol/fleet/partition.hpp"

namespace {

using namespace tributary;

struct Options {
  std::string data = "fashion-mnist";
  std::string partition = "dirichlet:0.3";
  std::uint32_t devices = 40;
  std::uint32_t examples = 300;
  std::uint32_t rounds = 30;
  std::uint32_t local_steps = 30;
  std::uint32_t batch = 20;
  float learning_rate = 0.1F;
  bool relabel = false;
  std::string json;
};

template <class T>
T must(fleet::Outcome<T> outcome) {
  if (!outcome) {
    std::cerr << "bench_personalisation: " << outcome.error().text << '\n';
    std::exit(2);
  }
  return std::move(*outcome);
}

// One device: four fifths of its examples to train on, the others to be tested on.
struct Client {
  fleet::Examples train;
  fleet::Examples test;
  std::vector<float> personal;  // grows from nothing to the trainer's
};

class Simulation {
 public:
  explicit Simulation(const Options& options)
      : options_(options), data_(must(fleet::load_dataset(options.data, {}))) {
    const auto kind = must(fleet::parse_partition(options.partition));
    const fleet::PartitionedExamples shares(
        data_, must(fleet::partition_rows(data_, kind, options.devices, 1)));
    for (std::uint32_t device = 0; device < options.devices; ++device) {
      clients_.push_back(client_of(shares.of(device), device));
    }
  }

  std::string model(const std::string& kind) const {
    return kind + "mlp:" + std::to_string(data_.train.features) + "-32-" +
           std::to_string(data_.classes);
  }
  // Mean accuracy over devices, each on its own test examples. `average`: bodies are federated.
  double run(const std::string& model, bool average);

 private:
  Client client_of(const fleet::LocalExamples& all, std::uint32_t device) const;
  // Trains in place: weights[d], client.personal.
  void train(const std::string& model, Client& client, std::vector<float>& weights,
             std::uint64_t seed) const;
  double score(const std::string& model, const std::vector<std::vector<float>>& bodies) const;

  Options options_;
  fleet::Dataset data_;
  std::vector<Client> clients_;
};

Client Simulation::client_of(const fleet::LocalExamples& all, std::uint32_t device) const {
  std::vector<std::uint32_t> names(data_.classes);
  std::iota(names.begin(), names.end(), 0U);
  std::mt19937_64 random(device);
  if (options_.relabel) std::shuffle(names.begin(), names.end(), random);
  std::vector<std::uint32_t> order(all.rows);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), random);
  fleet::Examples some;
  some.features = all.features;
  for (std::uint32_t i = 0; i < std::min(all.rows, options_.examples); ++i) {
    const auto* row = all.values + std::size_t{order[i]} * all.features;
    some.values.insert(some.values.end(), row, row + all.features);
    some.labels.push_back(names[all.labels[order[i]]]);
  }
  Client client;
  client.train.features = client.test.features = some.features;
  fleet::split_every_fifth(some, client.train, client.test);
  return client;
}

void Simulation::train(const std::string& model, Client& client, std::vector<float>& weights,
                       std::uint64_t seed) const {
  const auto& examples = client.train;
  const auto trainer = must(
      fleet::make_trainer(model, {examples.values.data(), examples.labels.data(), examples.features,
                                  data_.classes, static_cast<std::uint32_t>(examples.rows())}));
  const auto& t = trainer->trainer();
  client.personal.resize(t.personal);
  auto all = weights;
  all.insert(all.end(), client.personal.begin(), client.personal.end());
  std::vector<float> gradient(all.size());
  for (std::uint32_t step = 0; step < options_.local_steps; ++step) {
    trib_batch_report report{};
    if (t.gradient(t.user, all.data(), gradient.data(), options_.batch, seed, step, &report) !=
        TRIB_OK) {
      throw std::runtime_error("a device's training failed");
    }
    for (std::size_t j = 0; j < all.size(); ++j) all[j] -= options_.learning_rate * gradient[j];
  }
  std::copy_n(all.begin(), weights.size(), weights.begin());
  std::copy(all.begin() + static_cast<std::ptrdiff_t>(weights.size()), all.end(),
            client.personal.begin());
}

double Simulation::score(const std::string& model,
                         const std::vector<std::vector<float>>& bodies) const {
  double sum = 0;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    auto all = bodies[i];
    all.insert(all.end(), clients_[i].personal.begin(), clients_[i].personal.end());
    sum += must(fleet::score_model(model, all, clients_[i].test)).accuracy;
  }
  return sum / static_cast<double>(clients_.size());
}

double Simulation::run(const std::string& model, bool average) {
  const auto initial = must(fleet::initial_model(model, 1));
  std::vector<std::vector<float>> bodies(clients_.size(), initial);
  for (auto& client : clients_) client.personal.clear();
  for (std::uint32_t round = 0; round < options_.rounds; ++round) {
    std::vector<double> sum(initial.size());
    double weight = 0;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      train(model, clients_[i], bodies[i], (std::uint64_t{round} << 32) + i);
      const auto examples = static_cast<double>(clients_[i].train.rows());
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += examples * double{bodies[i][j]};
      weight += examples;
    }
    if (!average) continue;
    for (auto& body : bodies) {
      for (std::size_t j = 0; j < sum.size(); ++j) body[j] = static_cast<float>(sum[j] / weight);
    }
  }
  return score(model, bodies);
}

void report(const Options& options) {
  Simulation simulation(options);
  boost::json::array rows;
  std::printf("%s, %u devices with at most %u examples, %s%s, %u rounds of %u steps\n",
              options.data.c_str(), options.devices, options.examples, options.partition.c_str(),
              options.relabel ? ", each with names of its own for the classes" : "", options.rounds,
              options.local_steps);
  std::printf("| model | mean accuracy on a device's own new examples |\n|---|---|\n");
  struct Setting {
    const char* name;
    const char* kind;
    bool average;
  };
  for (const auto& setting : {Setting{"one for all", "", true},
                              Setting{"a shared body, a head of its own", "local-head+", true},
                              Setting{"each device by itself", "", false}}) {
    const double accuracy = simulation.run(simulation.model(setting.kind), setting.average);
    std::printf("| %s | %.2f %% |\n", setting.name, 100 * accuracy);
    std::fflush(stdout);
    rows.push_back(boost::json::object{{"name", setting.name}, {"accuracy", accuracy}});
  }
  if (!options.json.empty()) std::ofstream(options.json) << boost::json::serialize(rows) << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("What a head of each device's own is worth");
  Options options;
  app.add_option("--data", options.data)->capture_default_str();
  app.add_option("--partition", options.partition)->capture_default_str();
  app.add_option("--devices", options.devices)->capture_default_str();
  app.add_option("--examples", options.examples, "of a device, at most")->capture_default_str();
  app.add_option("--rounds", options.rounds)->capture_default_str();
  app.add_option("--local-steps", options.local_steps)->capture_default_str();
  app.add_option("--batch", options.batch)->capture_default_str();
  app.add_option("--learning-rate", options.learning_rate)->capture_default_str();
  app.add_flag("--relabel", options.relabel, "every device has names of its own for the classes");
  app.add_option("--json", options.json);
  CLI11_PARSE(app, argc, argv);
  report(options);
  return 0;
}
