#include "tests/sim/mix.hpp"

#include <array>

namespace tributary::sim {
namespace {

constexpr std::array<Span, 3> short_pauses{Span(60), Span(200), Span(600)};
constexpr std::array<Span, 4> pauses{Span(60), Span(250), Span(800), Span(2500)};
constexpr std::array<Span, 3> outages{Span(200), Span(2000), Span(8000)};

// Shares are whole thousandths, so that a mix and its text say the same.
Weather weather_of(Chance& chance) {
  Weather weather;
  if (chance.happens(0.7)) weather.loss = static_cast<double>(chance.below(100)) / 1000;
  if (chance.happens(0.7)) weather.duplicate = static_cast<double>(chance.below(300)) / 1000;
  weather.delay = Span(1) + chance.span(Span(chance.happens(0.5) ? 5 : 150));
  weather.jitter = chance.span(Span(300));
  weather.reorder = chance.happens(0.5);
  return weather;
}

std::uint32_t between(Chance& chance, std::uint32_t least, std::uint32_t most) {
  return least + static_cast<std::uint32_t>(chance.below(most - least + 1));
}

// The second gateway only helps, or has devices of its own.
void small(Mix& mix, Chance& chance) {
  mix.devices = {between(chance, 2, 3), chance.happens(0.3) ? 2U : 0U};
  mix.rounds = between(chance, 1, 3);
  mix.deadline_seconds = between(chance, 5, 12);
  mix.patience_seconds = chance.happens(0.5) ? 3 : 0;
  mix.length = Span(1500) + chance.span(Span(4000));
  mix.longest_pause = short_pauses.at(chance.below(short_pauses.size()));
}

void large(Mix& mix, Chance& chance) {
  mix.devices = {between(chance, 2, 5), between(chance, 0, 3)};
  if (mix.devices[1] == 1) mix.devices[1] = 2;
  mix.rounds = between(chance, 4, 12);
  mix.deadline_seconds = between(chance, 10, 40);
  mix.patience_seconds = chance.happens(0.5) ? 5 : 0;
  mix.length = Span(30'000);
  mix.longest_pause = pauses.at(chance.below(pauses.size()));
}

}  // namespace

Mix mix_of(std::uint64_t seed) {
  Chance chance(seed);
  Mix mix;
  mix.seed = seed;
  if (chance.happens(0.03)) {
    large(mix, chance);
  } else {
    small(mix, chance);
  }
  mix.weather = weather_of(chance);
  mix.longest_outage = outages.at(chance.below(outages.size()));
  for (std::uint8_t i = 0; i < fault_classes; ++i) {
    if (chance.happens(0.8)) mix.faults.insert(static_cast<Fault>(i));
  }
  return mix;
}

}  // namespace tributary::sim
