// One sum request of a peer gateway, from bytes to sealed bytes, beside the raw ChaCha20 rate.
//   bench_helper [--devices N] [--parameters N] [--rounds N] [--json FILE]
// Medians over the rounds; the raw rate is measured in turn with the sums.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "tests/bench/raw_chacha20.hpp"
#include "tests/unit/gateway/helper_world.hpp"

namespace {

using namespace tributary;
namespace helper = tributary::gateway::helper;
namespace world = tributary::gateway::helper::test;

struct Options {
  std::uint16_t devices = 1000;
  std::uint32_t parameters = 100'000;
  std::uint64_t rounds = 5;
  std::string json;
};

struct Seconds {
  std::vector<double> first_check;  // devices never seen
  std::vector<double> check;        // devices verified before, record durable
  std::vector<double> sum;
  std::vector<double> seal;
  std::vector<double> raw;  // ChaCha20 alone, as many bytes
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <class Work>
double seconds_of(Work&& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

v1::SumRequest request_of(const world::World& fleet, const Options& options, std::uint64_t round) {
  auto context = fleet.context(round);
  context.set_parameters(options.parameters);
  context.set_n_max(options.devices);
  return fleet.request(context, fleet.everybody());
}

helper::Decision ask(const world::World& fleet, const v1::SumRequest& request, double& took) {
  const auto roster = fleet.roster.SerializeAsString();
  const auto key = fleet.gateway_key(fleet.gateway);
  std::optional<helper::Decision> decision;
  took = seconds_of([&] { decision = fleet.role->answer(request, roster, key, {}, world::now); });
  if (const auto* refused = std::get_if<helper::Refusal>(&*decision)) {
    throw std::runtime_error("refused: " + refused->text);
  }
  return std::move(*decision);
}

void measure_round(const world::World& fleet, const v1::SumRequest& request, Seconds& seconds) {
  double took = 0;
  const auto decision = ask(fleet, request, took);
  seconds.check.push_back(took);
  const auto& job = std::get<helper::Job>(decision);
  Bytes sum;
  seconds.sum.push_back(seconds_of([&] { sum = helper::run(job); }));
  seconds.seal.push_back(seconds_of([&] {
    if (!std::holds_alternative<helper::Answer>(fleet.role->finish(job, sum))) {
      throw std::runtime_error("the sum was not accepted");
    }
  }));
  const auto bytes = sum.size() * job.seeds.size();
  const auto sodium = seconds_of([&] { bench::raw_sodium(bytes); });
  seconds.raw.push_back(std::min(sodium, seconds_of([&] { bench::raw_openssl(bytes); })));
}

Seconds measure(const Options& options) {
  world::World fleet(options.devices);
  Seconds seconds;
  for (std::uint64_t round = 1; round <= options.rounds; ++round) {
    const auto request = request_of(fleet, options, 2 * round);
    fleet.start();  // forgets which devices it knows
    double took = 0;
    ask(fleet, request, took);
    seconds.first_check.push_back(took);
    measure_round(fleet, request_of(fleet, options, 2 * round + 1), seconds);
  }
  return seconds;
}

void print(const Options& options, const Seconds& seconds, double gigabytes) {
  const auto row = [](const char* name, double took) {
    std::printf("%-34s %10.4f s\n", name, took);
  };
  std::printf("%u devices, %u parameters, ring 32\n", unsigned{options.devices},
              options.parameters);
  row("check, devices never seen", median(seconds.first_check));
  row("check, devices known", median(seconds.check));
  row("sum of the masks", median(seconds.sum));
  row("seal, sign, record", median(seconds.seal));
  std::printf("%-34s %10.2f GB/s\n", "sum of the masks", gigabytes / median(seconds.sum));
  std::printf("%-34s %10.2f GB/s\n", "raw ChaCha20, the faster library",
              gigabytes / median(seconds.raw));
  std::printf("%-34s %10.3f\n", "of the raw rate", median(seconds.raw) / median(seconds.sum));
}

void write_json(const Options& options, const Seconds& seconds, double gigabytes) {
  std::ofstream file(options.json);
  file << "{\"devices\": " << options.devices << ", \"parameters\": " << options.parameters
       << ", \"first_check_seconds\": " << median(seconds.first_check)
       << ", \"check_seconds\": " << median(seconds.check)
       << ", \"sum_seconds\": " << median(seconds.sum)
       << ", \"seal_seconds\": " << median(seconds.seal)
       << ", \"gigabytes_per_second\": " << gigabytes / median(seconds.sum)
       << ", \"raw_gigabytes_per_second\": " << gigabytes / median(seconds.raw)
       << ", \"of_raw\": " << median(seconds.raw) / median(seconds.sum) << "}\n";
  if (!file.flush()) throw std::runtime_error("cannot write " + options.json);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 >= argc) throw std::runtime_error(name + " needs a value");
    if (name == "--devices") {
      options.devices = static_cast<std::uint16_t>(std::min(std::stoul(argv[i + 1]), 5001UL));
    } else if (name == "--parameters") {
      options.parameters =
          static_cast<std::uint32_t>(std::min(std::stoul(argv[i + 1]), 1'000'000UL));
    } else if (name == "--rounds") {
      options.rounds = std::stoul(argv[i + 1]);
    } else if (name == "--json") {
      options.json = argv[i + 1];
    } else {
      throw std::runtime_error("unknown option " + name +
                               "; there are --devices --parameters --rounds --json");
    }
  }
  if (options.devices < 3 || options.devices > 5000)
    throw std::runtime_error("--devices is 3..5000");
  if (options.parameters == 0 || options.parameters > 900'000) {
    throw std::runtime_error("--parameters is 1..900000");
  }
  if (options.rounds == 0) throw std::runtime_error("--rounds is at least 1");
  return options;
}

}  // namespace

int main(int argc, char** argv) try {
  doctest::Context context;  // the test world checks itself with doctest
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& check) {
    if (check.m_failed) throw std::runtime_error(std::string("failed: ") + check.m_expr);
  });
  const Options options = parse(argc, argv);
  if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
  const Seconds seconds = measure(options);
  const double words = options.parameters + 3.0 + world::canaries;
  const double gigabytes = words * 4 * options.devices / 1e9;
  print(options, seconds, gigabytes);
  if (!options.json.empty()) write_json(options, seconds, gigabytes);
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_helper: %s\n", error.what());
  return EXIT_FAILURE;
}
