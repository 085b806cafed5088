// How close mask expansion comes to the raw ChaCha20 it is made of, per ring.
//   bench_mask [--seeds N] [--words N] [--rounds N] [--json FILE]
// Every round measures each contender for a few milliseconds, right after the faster raw ChaCha20,
// so that a slow spell of the machine hits both; the table shows medians over the rounds.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "crypto/mask.hpp"
#include "tests/bench/raw_chacha20.hpp"

namespace {

using tributary::Bytes;
using tributary::crypto::RingBits;
using tributary::crypto::Seed;

struct Options {
  std::size_t seeds = 50;
  std::size_t words = 100'000;
  int rounds = 41;
  std::string json;
};

struct Contender {
  std::string name;
  std::size_t bytes;  // keystream made by one run
  std::function<void()> run;
  std::vector<double> gigabytes_per_second{};
  std::vector<double> of_raw{};  // beside the faster raw rate measured just before
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double measure(Contender& contender) {
  const auto begin = std::chrono::steady_clock::now();
  contender.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const double rate = static_cast<double>(contender.bytes) / took.count() / 1e9;
  contender.gigabytes_per_second.push_back(rate);
  return rate;
}

std::vector<Contender> raw_contenders(std::size_t bytes) {
  return {{"libsodium ChaCha20", bytes, [bytes] { tributary::bench::raw_sodium(bytes); }},
          {"OpenSSL ChaCha20", bytes, [bytes] { tributary::bench::raw_openssl(bytes); }}};
}

std::vector<Contender> mask_contenders(std::size_t words, const std::vector<Seed>& seeds) {
  std::vector<Contender> all;
  for (const RingBits bits : {RingBits::b16, RingBits::b24, RingBits::b32}) {
    const std::size_t bytes = words * tributary::crypto::word_bytes(bits);
    const std::string ring = "ring " + std::to_string(static_cast<int>(bits));
    all.push_back({"sum_masks " + ring, bytes * seeds.size(),
                   [&seeds, bits, words] { sum_masks(bits, seeds, words); }});
    all.push_back({"add_mask " + ring, bytes * seeds.size(), [&seeds, bits, bytes] {
                     static Bytes sum;
                     sum.resize(bytes);
                     for (const Seed& seed : seeds) add_mask(bits, seed, 0, sum);
                   }});
  }
  return all;
}

void measure_rounds(std::vector<Contender>& raw, std::vector<Contender>& masks, int rounds) {
  for (int warm_up = 0; warm_up < 5; ++warm_up) {
    for (Contender& contender : raw) measure(contender);
  }
  Contender& faster =
      median(raw[0].gigabytes_per_second) > median(raw[1].gigabytes_per_second) ? raw[0] : raw[1];
  for (int round = 0; round < rounds; ++round) {
    for (Contender& contender : raw) measure(contender);
    for (Contender& contender : masks) {
      const double raw_rate = measure(faster);
      contender.of_raw.push_back(measure(contender) / raw_rate);
    }
  }
}

void print(const std::vector<Contender>& raw, const std::vector<Contender>& masks) {
  std::printf("%-22s %10s %14s\n", "", "GB/s", "of raw rate");
  for (const Contender& contender : raw) {
    std::printf("%-22s %10.2f\n", contender.name.c_str(), median(contender.gigabytes_per_second));
  }
  for (const Contender& contender : masks) {
    std::printf("%-22s %10.2f %14.3f\n", contender.name.c_str(),
                median(contender.gigabytes_per_second), median(contender.of_raw));
  }
}

void write_json(const Options& options, const std::vector<Contender>& raw,
                const std::vector<Contender>& masks) {
  std::ofstream file(options.json);
  file << "{\"seeds\": " << options.seeds << ", \"words\": " << options.words
       << ", \"rounds\": " << options.rounds << ", \"results\": [";
  const char* separator = "";
  for (const auto* group : {&raw, &masks}) {
    for (const Contender& contender : *group) {
      file << separator << "\n  {\"name\": \"" << contender.name
           << "\", \"gigabytes_per_second\": " << median(contender.gigabytes_per_second);
      if (!contender.of_raw.empty()) file << ", \"of_raw\": " << median(contender.of_raw);
      file << "}";
      separator = ",";
    }
  }
  file << "\n]}\n";
  if (!file.flush()) throw std::runtime_error("cannot write " + options.json);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 >= argc) throw std::runtime_error(name + " needs a value");
    if (name == "--seeds") {
      options.seeds = std::stoul(argv[i + 1]);
    } else if (name == "--words") {
      options.words = std::stoul(argv[i + 1]);
    } else if (name == "--rounds") {
      options.rounds = std::stoi(argv[i + 1]);
    } else if (name == "--json") {
      options.json = argv[i + 1];
    } else {
      throw std::runtime_error("unknown option " + name +
                               "; there are --seeds --words --rounds --json");
    }
  }
  if (options.seeds == 0 || options.words == 0 || options.rounds < 1) {
    throw std::runtime_error("--seeds, --words and --rounds are at least 1");
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv);
  if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
  std::vector<Seed> seeds;
  for (std::size_t i = 0; i < options.seeds; ++i) seeds.push_back(Seed::random());
  auto raw = raw_contenders(options.seeds * options.words * 4);
  auto masks = mask_contenders(options.words, seeds);
  measure_rounds(raw, masks, options.rounds);
  print(raw, masks);
  if (!options.json.empty()) write_json(options, raw, masks);
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_mask: %s\n", error.what());
  return EXIT_FAILURE;
}
