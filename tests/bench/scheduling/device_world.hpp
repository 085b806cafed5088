// 1,000 devices as a plant has them: on mains or harvesting, behind good and bad links, quick and slow, steady and
// not. What they are is drawn once from a seed; their luck in a round follows from (seed, device, round) alone,
// so that every strategy meets the same luck.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/scheduling/fairness.hpp"

namespace tributary::bench {

namespace sched = gateway::scheduling;

// The energy proxy: what a device computes and what it sends and receives.
struct Cost {
  double instructions = 0;
  double bytes = 0;

  // 0.3 nJ an instruction (a Cortex-M4F at 100 uA/MHz and 3 V), 2 uJ a byte (Wi-Fi of a microcontroller, with
  // its share of headers and waiting): mJ.
  double energy() const { return instructions * 0.3e-6 + bytes * 2e-3; }
  Cost& operator+=(const Cost& other);
  Cost operator*(double factor) const { return {instructions * factor, bytes * factor}; }
};

// What one contribution takes on any device, without losses.
struct Work {
  std::uint32_t parameters;
  std::uint32_t samples;  // of all local steps together

  Cost connecting() const;  // TLS-PSK, hello, subscriptions, what is retained
  Cost fetching() const;
  Cost training() const;
  Cost sending() const;
};

struct Traits {
  sched::DeviceClass device_class;
  double capacity;          // mJ of a full battery; mains: infinite
  double harvest;           // mJ in a round's interval, on average
  double phase;             // of the harvest's day, 0..1
  double link;              // per cent, on average
  double dropout;           // probability in a round on a good link
  double seconds_a_sample;  // of training
};

struct Attempt {
  bool finished;
  double seconds;  // until it was done, or gave up
  Cost cost;       // until then
};

class DeviceWorld {
 public:
  DeviceWorld(std::uint32_t devices, std::uint64_t seed);

  std::uint32_t size() const { return static_cast<std::uint32_t>(traits_.size()); }
  const Traits& traits(std::uint32_t device) const { return traits_[device]; }
  // As the device would report it now.
  sched::Conditions conditions(std::uint32_t device, std::uint32_t round) const;
  bool has_power(std::uint32_t device) const;
  // An interval passes: harvest and idling.
  void pass_interval(std::uint32_t round);
  void spend(std::uint32_t device, const Cost& cost);
  // The device works on the round; spends what that costs.
  Attempt attempt(std::uint32_t device, std::uint32_t round, const Work& work);
  // 0..1, its own for (device, round, purpose).
  double chance(std::uint32_t device, std::uint32_t round, std::uint32_t purpose) const;

 private:
  Traits draw(std::uint32_t device) const;
  double link_now(std::uint32_t device, std::uint32_t round) const;

  std::uint64_t seed_;
  std::vector<Traits> traits_;
  std::vector<double> charge_;  // mJ
};

}  // namespace tributary::bench
