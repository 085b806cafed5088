#include "tests/bench/scheduling/device_world.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "device-protocol/trainer/batch.h"

namespace tributary::bench {
namespace {

// Measured on a Cortex-M4F (device-protocol/README.md): instructions of each step.
constexpr double per_parameter_and_sample = 12.2;  // an SGD step of an MLP
constexpr double key_agreement = 1.19e6;
constexpr double signature_check = 1.35e6;
constexpr double mask_byte = 22.1;
constexpr double seal_byte = 29.3;
constexpr double word_bytes = 4;

constexpr double connect_bytes = 3000;
constexpr double radio_bytes_a_second = 8000;
constexpr double idle_energy = 5;  // mJ in an interval, asleep or not
constexpr double rounds_of_a_day = 48;

enum Purpose : std::uint32_t { kind, spread_lot, place, quality, luck, moment, fading, pace };

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  instructions += other.instructions;
  bytes += other.bytes;
  return *this;
}

Cost Work::connecting() const {
  return {0.4e6, connect_bytes};
}

Cost Work::fetching() const {
  return {2 * signature_check + parameters * word_bytes * 37.9, parameters * word_bytes + 400};
}

Cost Work::training() const {
  return {per_parameter_and_sample * parameters * samples, 0};
}

Cost Work::sending() const {
  const double bytes = parameters * word_bytes;
  return {key_agreement + bytes * (mask_byte + seal_byte), bytes + 600};
}

DeviceWorld::DeviceWorld(std::uint32_t devices, std::uint64_t seed) : seed_(seed) {
  for (std::uint32_t i = 0; i < devices; ++i) {
    traits_.push_back(draw(i));
    charge_.push_back(traits_[i].capacity * (0.4 + 0.6 * chance(i, 0, place)));
  }
}

double DeviceWorld::chance(std::uint32_t device, std::uint32_t round, std::uint32_t purpose) const {
  const auto key = seed_ ^ trib_mix(device) ^ trib_mix((std::uint64_t{round} << 32U) + purpose + 1);
  return static_cast<double>(trib_mix(key) >> 11U) * 0x1p-53;
}

// 30 % mains, 40 % battery, 15 % behind a bad link, 15 % slow.
Traits DeviceWorld::draw(std::uint32_t device) const {
  const double lot = chance(device, 0, kind);
  const double spread = chance(device, 0, spread_lot);
  Traits traits{sched::DeviceClass::mains, 0, 0, chance(device, 0, moment), 0, 0, 0};
  const bool mains = lot < 0.3 || (lot >= 0.7 && spread < 0.3);
  traits.capacity = mains ? std::numeric_limits<double>::infinity() : 400 + 800 * spread;
  traits.harvest = 8 + 25 * chance(device, 0, luck);
  traits.link = 70 + 30 * chance(device, 0, quality);
  traits.dropout = 0.02 + 0.06 * chance(device, 0, fading);
  traits.seconds_a_sample = 0.05 * std::exp2(2 * chance(device, 0, pace) - 1);
  if (lot >= 0.3) traits.device_class = sched::DeviceClass::battery;
  if (lot >= 0.7) {
    traits.device_class = sched::DeviceClass::weak_link;
    traits.link = 20 + 40 * chance(device, 0, quality);
    traits.dropout = 0.15 + 0.3 * chance(device, 0, fading);
  }
  if (lot >= 0.85) {
    traits.device_class = sched::DeviceClass::slow;
    traits.link = 70 + 30 * chance(device, 0, quality);
    traits.dropout = 0.03;
    traits.seconds_a_sample = 0.35 + 0.25 * chance(device, 0, pace);
  }
  return traits;
}

double DeviceWorld::link_now(std::uint32_t device, std::uint32_t round) const {
  return std::clamp(traits_[device].link + 30 * (chance(device, round, fading) - 0.5), 1.0, 100.0);
}

sched::Conditions DeviceWorld::conditions(std::uint32_t device, std::uint32_t round) const {
  sched::Conditions now;
  const Traits& traits = traits_[device];
  const bool mains = std::isinf(traits.capacity);
  now.power = mains ? sched::Power::mains : sched::Power::battery;
  if (!mains) now.battery = static_cast<std::uint32_t>(100 * charge_[device] / traits.capacity);
  now.link = static_cast<std::uint32_t>(link_now(device, round));
  return now;
}

bool DeviceWorld::has_power(std::uint32_t device) const {
  return charge_[device] > 0.03 * std::min(traits_[device].capacity, 1e6);
}

void DeviceWorld::pass_interval(std::uint32_t round) {
  for (std::uint32_t i = 0; i < size(); ++i) {
    const double hour = round / rounds_of_a_day + traits_[i].phase;
    const double sun = 1 + std::sin(2 * std::numbers::pi * hour);
    charge_[i] =
        std::clamp(charge_[i] + traits_[i].harvest * sun - idle_energy, 0.0, traits_[i].capacity);
  }
}

void DeviceWorld::spend(std::uint32_t device, const Cost& cost) {
  charge_[device] = std::max(0.0, charge_[device] - cost.energy());
}

// A bad link sends everything more often and breaks off more often; an empty battery ends it.
Attempt DeviceWorld::attempt(std::uint32_t device, std::uint32_t round, const Work& work) {
  const Traits& traits = traits_[device];
  const double link = link_now(device, round) / 100;
  const double again = 1 / std::max(0.2, link);
  Cost whole = work.fetching() * again;
  whole += work.training();
  whole += work.sending() * again;
  const double breaks = std::min(0.95, traits.dropout + 0.3 * (1 - link) * (1 - link));
  const double jitter = 0.9 + 0.2 * chance(device, round, pace);
  const double seconds = whole.bytes / radio_bytes_a_second / std::max(0.2, link) +
                         work.samples * traits.seconds_a_sample * jitter;
  double done = 1;
  if (chance(device, round, luck) < breaks) done = chance(device, round, moment);
  if (charge_[device] < whole.energy()) done = std::min(done, charge_[device] / whole.energy());
  const Attempt attempt{done >= 1, seconds * done, whole * done};
  spend(device, attempt.cost);
  return attempt;
}

}  // namespace tributary::bench
