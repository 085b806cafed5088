// What a pairwise round costs the gateway: n = 1,000 devices, d = 100,000 words, 5 % dropped, k = 40
// neighbours. Masks against the raw ChaCha20 they are made of, the X25519 behind them, and Shamir.
// Counters: GB/s of key stream; of_raw: beside raw ChaCha20 measured right before and after it in
// the same iteration, so that a slow spell of the machine hits both.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <stdexcept>
#include <vector>

#include "crypto/pairwise/shamir.hpp"
#include "crypto/pairwise/unmasking.hpp"
#include "tests/bench/raw_chacha20.hpp"

namespace {

using namespace tributary;
using namespace tributary::pairwise;

constexpr std::uint32_t devices = 1'000;
constexpr std::uint32_t neighbours = 40;
constexpr std::uint32_t one_in_drops = 20;  // 5 %
constexpr std::size_t words = 100'000;

// Processor time: on a shared machine others' turns are not counted.
double seconds(auto&& run) {
  const std::clock_t begin = std::clock();
  run();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

struct Round {
  Graph graph{GraphSeed{{1}}, devices, neighbours};
  std::vector<Published> published;
  OpenedSecrets opened;
  Hash ctx_hash{{2}};

  Round() {
    for (std::uint32_t device = 0; device < devices; ++device) {
      auto secret = MaskSecret::random();
      auto seed = SelfSeed::random();
      published.push_back({mask_key(secret), commitment(seed)});
      if (device % one_in_drops == 0) {
        opened.dropped.push_back({device, std::move(secret)});
      } else {
        opened.survivors.push_back({device, std::move(seed)});
      }
    }
  }

  SignedSeeds seeds() const {
    auto seeds = remaining_seeds(graph, published, opened, ctx_hash);
    if (!seeds) throw std::logic_error("the round does not open");
    return std::move(*seeds);
  }
};

const Round& round_once() {
  static const Round round;
  return round;
}

// The keystream alone: seeds are there.
void remove_masks_of_round(benchmark::State& state) {
  const auto bits = *crypto::ring_bits(static_cast<std::uint32_t>(state.range(0)));
  const SignedSeeds seeds = round_once().seeds();
  const std::size_t masks = seeds.plus.size() + seeds.minus.size();
  Bytes sum(words * crypto::word_bytes(bits));
  const std::size_t stream = masks * sum.size();
  std::vector<double> of_raw;
  for (auto _ : state) {
    const double before = seconds([&] { bench::raw_openssl(stream / 2); });
    const double took = seconds([&] { remove_masks(bits, seeds, sum); });
    const double after = seconds([&] { bench::raw_openssl(stream / 2); });
    of_raw.push_back((before + after) / took);
    state.SetIterationTime(took);
  }
  std::ranges::sort(of_raw);
  state.counters["masks"] = static_cast<double>(masks);
  state.counters["of_raw"] = of_raw[of_raw.size() / 2];
  state.SetBytesProcessed(static_cast<std::int64_t>(stream) * state.iterations());
}
BENCHMARK(remove_masks_of_round)
    ->Arg(16)
    ->Arg(24)
    ->Arg(32)
    ->UseManualTime()
    ->Iterations(15)
    ->Unit(benchmark::kMillisecond);

// Everything after reconstruction: checks, X25519, masks.
void unmask_round(benchmark::State& state) {
  const auto bits = *crypto::ring_bits(static_cast<std::uint32_t>(state.range(0)));
  const Round& round = round_once();
  Bytes sum(words * crypto::word_bytes(bits));
  for (auto _ : state) {
    if (unmask(bits, round.graph, round.published, round.opened, round.ctx_hash, sum)) {
      throw std::logic_error("the round does not open");
    }
  }
}
BENCHMARK(unmask_round)->Arg(16)->Arg(32)->Iterations(7)->Unit(benchmark::kMillisecond);

// The checks and the X25519 of that: one per edge between a dropped device and a survivor.
void seeds_of_round(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(round_once().seeds());
}
BENCHMARK(seeds_of_round)->Iterations(7)->Unit(benchmark::kMillisecond);

std::vector<Share> shares_of(std::size_t threshold) {
  return split(SharedSecret::random(), threshold, std::min<std::size_t>(255, threshold * 3 / 2));
}

// One secret whose points are seen for the first time.
void shamir_reconstruct(benchmark::State& state) {
  const auto threshold = static_cast<std::size_t>(state.range(0));
  const auto shares = shares_of(threshold);
  for (auto _ : state) benchmark::DoNotOptimize(reconstruct(shares, threshold));
}
BENCHMARK(shamir_reconstruct)->Arg(27)->Arg(67);

// One more secret over points that are known.
void shamir_same_points(benchmark::State& state) {
  const auto shares = shares_of(static_cast<std::size_t>(state.range(0)));
  Bytes points;
  std::vector<const ShareValue*> values;
  for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i) {
    points.push_back(shares[i].point);
    values.push_back(&shares[i].value);
  }
  const auto interpolation = Interpolation::over(points);
  for (auto _ : state) benchmark::DoNotOptimize(interpolation->reconstruct(values));
}
BENCHMARK(shamir_same_points)->Arg(27)->Arg(67);

// A device's side: all shares of one secret.
void shamir_split(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(shares_of(static_cast<std::size_t>(state.range(0))));
  }
}
BENCHMARK(shamir_split)->Arg(27)->Arg(67);

}  // namespace

BENCHMARK_MAIN();
