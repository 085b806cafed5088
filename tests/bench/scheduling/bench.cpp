// Invited by the scheduler against selected by hash: 1,000 devices with mixed batteries, links and speeds really
// train a small model. Rounds met, energy, fairness, accuracy; the hash gets the over-selection that suits it best.
//   bench_scheduling [--devices 1000] [--rounds 50] [--target 100] [--seed 1] [--json FILE]
// The devices' fate and cost are modelled (device_world.cpp says how), choice and training are the real code.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <fstream>
#include <optional>

#include "tests/bench/scheduling/learning.hpp"
#include "tests/bench/scheduling/strategy.hpp"

namespace {

using namespace tributary;
using namespace tributary::bench;

struct Options {
  std::uint32_t devices = 1000;
  std::uint32_t rounds = 50;
  std::uint32_t target = 100;
  std::uint64_t seed = 1;
  std::string json;
};

struct Result {
  std::string name;
  std::uint32_t met = 0;       // rounds with n_target contributions in time
  std::uint32_t released = 0;  // with n_min
  double seconds = 0;          // of an average round
  Cost working;                // on rounds
  Cost all;                    // and connecting
  double jain = 0;
  std::array<double, sched::device_classes> shares{};
  std::vector<double> accuracy;  // after each round
  std::vector<double> energy;    // spent until then, J

  double joules() const { return all.energy() / 1000; }
  double met_per_kilojoule() const { return 1000 * met / joules(); }
};

class Run {
 public:
  Run(const Options& options, const Learning& learning, const DeviceWorld& world)
      : options_(options), learning_(learning), world_(world) {
    terms_.wanted = {options.target / 2, options.target, options.target * 3};
    terms_.work = {learning.parameters(), Learning::local_steps * Learning::batch};
  }

  Result play(std::string name, Strategy& strategy) {
    result_.name = std::move(name);
    contributions_.assign(world_.size(), 0);
    model_ = learning_.initial();
    for (std::uint32_t round = 0; round < options_.rounds; ++round) play_round(strategy, round);
    result_.seconds /= options_.rounds;
    result_.jain = sched::jain_index(contributions_);
    std::array<sched::ClassCount, sched::device_classes> counts{};
    for (std::uint32_t i = 0; i < world_.size(); ++i) {
      auto& count = counts.at(static_cast<std::size_t>(world_.traits(i).device_class));
      ++count.devices;
      count.contributions += static_cast<std::uint64_t>(contributions_[i]);
    }
    result_.shares = sched::class_shares(counts);
    return result_;
  }

 private:
  // The first n_target in time count, the round closes with the last of them.
  double close(std::vector<Part>& parts, double patience) const {
    std::ranges::sort(parts, {}, &Part::seconds);
    std::uint32_t count = 0;
    for (auto& part : parts) {
      if (!part.finished || part.seconds > patience) continue;
      part.counted = true;
      if (++count == terms_.wanted.n_target) return part.seconds;
    }
    return patience;
  }

  void play_round(Strategy& strategy, std::uint32_t round) {
    world_.pass_interval(round);
    auto parts = strategy.play(world_, round, terms_, result_.all);
    result_.seconds += close(parts, strategy.patience(terms_));
    std::vector<std::uint32_t> counted;
    for (const auto& part : parts) {
      if (part.counted) counted.push_back(part.device);
    }
    strategy.learn(parts, round, terms_);
    if (counted.size() >= terms_.wanted.n_target) ++result_.met;
    if (counted.size() >= terms_.wanted.n_min) {
      ++result_.released;
      for (const auto device : counted) contributions_[device] += 1;
      std::ranges::sort(counted);
      model_ = learning_.round(round, model_, counted);
    }
    result_.accuracy.push_back(learning_.accuracy(model_));
    result_.energy.push_back(result_.joules());
  }

  const Options& options_;
  const Learning& learning_;
  DeviceWorld world_;
  RoundTerms terms_;
  Result result_;
  std::vector<double> contributions_;
  std::vector<float> model_;
};

// Energy until the accuracy is reached and never lost again; nullopt: not reached.
std::optional<double> energy_until(const Result& result, double accuracy) {
  std::optional<double> energy;
  for (std::size_t i = result.accuracy.size(); i-- > 0 && result.accuracy[i] >= accuracy;) {
    energy = result.energy[i];
  }
  return energy;
}

void print(const Result& result, double goal) {
  const auto until = energy_until(result, goal);
  std::printf(
      "%-16s %4u %8u %7.0f %9.2f %8.1f %8.1f %9.2f %9.1f %7.3f %5.2f %5.2f %5.2f %5.2f %8.3f\n",
      result.name.c_str(), result.met, result.released, result.seconds,
      result.all.instructions / 1e9, result.all.bytes / 1e6, result.joules(),
      result.met_per_kilojoule(), until.value_or(0), result.jain, result.shares[0],
      result.shares[1], result.shares[2], result.shares[3], result.accuracy.back());
}

boost::json::object to_json(const Result& result, double goal) {
  boost::json::object shares;
  for (std::size_t i = 0; i < sched::device_classes; ++i) {
    shares[sched::name_of(static_cast<sched::DeviceClass>(i))] = result.shares.at(i);
  }
  boost::json::object object{{"name", result.name},
                             {"rounds_met", result.met},
                             {"rounds_released", result.released},
                             {"seconds_a_round", result.seconds},
                             {"instructions", result.all.instructions},
                             {"bytes", result.all.bytes},
                             {"joules", result.joules()},
                             {"rounds_met_per_kilojoule", result.met_per_kilojoule()},
                             {"jain_index", result.jain},
                             {"class_shares", shares},
                             {"accuracy", result.accuracy.back()}};
  if (const auto until = energy_until(result, goal)) object["joules_to_accuracy"] = *until;
  return object;
}

std::vector<std::uint32_t> groups(const DeviceWorld& world) {
  std::vector<std::uint32_t> group;
  for (std::uint32_t i = 0; i < world.size(); ++i) {
    group.push_back(static_cast<std::uint32_t>(world.traits(i).device_class));
  }
  return group;
}

std::vector<Result> play_all(const Options& options) {
  const DeviceWorld world(options.devices, options.seed);
  const Learning learning(groups(world), options.seed);
  std::vector<Result> results;
  for (const double over_selection : {1.0, 1.3, 1.6, 2.0, 2.5}) {
    const auto strategy = random_strategy(over_selection);
    char name[32];
    std::snprintf(name, sizeof name, "hash x %.1f", over_selection);
    results.push_back(Run(options, learning, world).play(name, *strategy));
  }
  const auto strategy = scheduled_strategy(world);
  results.push_back(Run(options, learning, world).play("invited", *strategy));
  return results;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Selection by the scheduler against selection by hash");
  app.add_option("--devices", options.devices)->check(CLI::Range(10, 5000));
  app.add_option("--rounds", options.rounds)->check(CLI::Range(1, 10000));
  app.add_option("--target", options.target)->check(CLI::Range(2, 5000));
  app.add_option("--seed", options.seed);
  app.add_option("--json", options.json);
  CLI11_PARSE(app, argc, argv);
  const auto results = play_all(options);
  const Result& invited = results.back();
  const auto best =
      std::max_element(results.begin(), results.end() - 1, [](const Result& a, const Result& b) {
        return a.met_per_kilojoule() < b.met_per_kilojoule();
      });
  const double goal = 0.95 * invited.accuracy.back();
  std::printf("%-16s %4s %8s %7s %9s %8s %8s %9s %9s %7s %5s %5s %5s %5s %8s\n", "selection", "met",
              "released", "s/round", "10^9 ins", "MB", "J", "met/kJ", "J to acc", "Jain", "mains",
              "batt", "weak", "slow", "accuracy");
  boost::json::array rows;
  for (const auto& result : results) {
    print(result, goal);
    rows.push_back(to_json(result, goal));
  }
  const double factor = invited.met_per_kilojoule() / best->met_per_kilojoule();
  std::printf(
      "\n%u devices, %u rounds, target %u; J to acc: energy until accuracy %.3f\n"
      "invited meets %.2f times the rounds per joule of the best hash (%s), accuracy %+.3f\n",
      options.devices, options.rounds, options.target, goal, factor, best->name.c_str(),
      invited.accuracy.back() - best->accuracy.back());
  if (!options.json.empty()) {
    std::ofstream(options.json) << boost::json::serialize(
                                       boost::json::object{{"accuracy_goal", goal},
                                                           {"factor_over_best_hash", factor},
                                                           {"results", rows}})
                                << '\n';
  }
  const bool learns = invited.accuracy.back() >= best->accuracy.back() - 0.005;
  return factor > 1 && learns ? 0 : 1;
}
