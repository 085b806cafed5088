// A mix of faults drawn from the world's seed, and the course of one simulated run: faults, then calm, in which
// every round must close and the task come to an end.
#pragma once

#include "tests/sim/oracle.hpp"

namespace tributary::sim {

class Storm {
 public:
  explicit Storm(World& world);

  // Faults begin for this long; what they broke may be broken longer.
  void rage(Span length);
  // No fault any more, everybody is started.
  void calm();

 private:
  void strike();
  void strike_again();
  void hit_gate();
  void hit_centre();
  void hit_node();
  void hit_broker();
  void cut_line();
  Span moment(Span longest) { return Span(1) + chance_.span(longest); }
  Span outage() { return moment(longest_outage_); }
  template <class Party>
  Party& one_of(std::vector<std::unique_ptr<Party>>& parties);

  World& world_;
  Chance chance_{world_.nature.chance.next()};
  Life life_ = new_life();  // of what heals by itself
  Span longest_pause_;      // between two faults
  Span longest_outage_;     // of a process or line
  Span end_{};
};

struct Course {
  Wrongs wrongs;
  std::vector<std::string> transcript;
  std::uint32_t released = 0;
  std::uint32_t abandoned = 0;
};
// Everything from one seed: the shape of the world, its weather, its faults.
Course run_seed(std::uint64_t seed);

}  // namespace tributary::sim
