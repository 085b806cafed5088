// What a storm is made of: a world, weather, and the classes of faults that strike it. Drawn from a seed, or
// written as text, so that a failure outlives a change of how seeds are drawn.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/sim/nature.hpp"

namespace tributary::sim {

enum class Fault : std::uint8_t {
  gateway_dies,      // between two events
  gateway_in_batch,  // in the middle of a batch of writes
  gateway_silent,    // at its n-th next publication or log line
  coordinator_dies,
  coordinator_midway,  // out of its n-th next log line or job
  device_dies,
  device_midway,  // at its n-th next write or publication
  broker_dies,
  broker_forgets,  // comes back with an empty store
  session_drops,
  line_cut,     // of a gateway to the coordinator
  session_cut,  // of a device or gateway to its broker
};
constexpr std::uint8_t fault_classes = 12;
const char* name_of(Fault fault);

enum class Trust : std::uint8_t { split, gateway, pairwise };
enum class Scope : std::uint8_t { gateway, group, global };

struct Mix {
  std::uint64_t seed = 1;                    // of all that is not named here
  std::vector<std::uint32_t> devices{3, 0};  // at each gateway; 0: it only helps
  Trust trust = Trust::split;
  Scope scope = Scope::gateway;
  bool privacy = false;
  std::uint32_t rounds = 2;
  std::uint32_t deadline_seconds = 10;
  std::uint32_t patience_seconds = 0;
  Weather weather;
  Span length{5000};  // faults begin for this long
  Span longest_pause{250};
  Span longest_outage{2000};
  std::set<Fault> faults;
  std::uint32_t spared = 0;  // strikes that miss before the first that hits
  bool plant = false;  // a fault in the simulated product: a coordinator that forgets when it dies

  // "seed=7 devices=3+0 trust=split .. faults=gateway_dies,line_cut"
  std::string text() const;
  // Members that are not named are as above; throws std::invalid_argument for a word that is none.
  static Mix parse(const std::string& text);
};

// Most are small, so that there can be many.
Mix mix_of(std::uint64_t seed);

}  // namespace tributary::sim
