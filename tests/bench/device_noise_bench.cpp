// What a word of device noise costs: time, and ChaCha20 blocks as the measure that does not depend on the machine.
//   bench_device_noise
#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "crypto/privacy/discrete_gaussian.hpp"
#include "device-protocol/ports/posix/posix.h"
#include "device-protocol/src/device_noise.h"
#include "device-protocol/src/discrete_gaussian.h"

namespace {

using namespace tributary;

std::uint64_t blocks = 0;

void counted_chacha20(unsigned char* data, std::size_t size, const unsigned char* key,
                      std::uint32_t counter) {
  blocks += (size + 63) / 64;
  trib_posix_crypto.chacha20_xor(data, size, key, counter);
}

void device_noise(benchmark::State& state) {
  trib_crypto_port crypto = trib_posix_crypto;
  crypto.chacha20_xor = counted_chacha20;
  constexpr std::uint32_t count = 10000;
  const auto deviation = static_cast<std::uint32_t>(state.range(0));
  const trib_device_noise noise{&crypto, {1}, count, deviation, deviation};
  std::vector<std::int32_t> words(count);
  blocks = 0;
  for (auto _ : state) {
    trib_add_device_noise(&noise, words.data(), 0, count);
    benchmark::DoNotOptimize(words.data());
  }
  const auto all = static_cast<double>(state.iterations()) * count;
  state.SetItemsProcessed(static_cast<std::int64_t>(all));
  state.counters["chacha_blocks_per_word"] = static_cast<double>(blocks) / all;
}
BENCHMARK(device_noise)->Arg(4)->Arg(1000)->Arg(1 << 20)->Arg(1 << 30);

void server_sampler(benchmark::State& state) {
  const auto deviation = static_cast<std::uint64_t>(state.range(0));
  const privacy::DiscreteGaussian sampler({deviation * deviation, 1});
  privacy::RandomStream random(*crypto::Seed::from(std::array<std::uint8_t, 32>{1}));
  for (auto _ : state) benchmark::DoNotOptimize(sampler.sample(random));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(server_sampler)->Arg(4)->Arg(1000)->Arg(1 << 20);

}  // namespace

BENCHMARK_MAIN();
