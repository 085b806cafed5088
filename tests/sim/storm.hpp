// The faults of a mix, begun at instants that follow from its seed; then calm, in which every round must close
// and the task come to an end.
#pragma once

#include "tests/sim/mix.hpp"
#include "tests/sim/world.hpp"

namespace tributary::sim {

class Storm {
 public:
  Storm(World& world, const Mix& mix);

  // Faults begin for the mix's length; what they broke may be broken longer.
  void rage();
  // No fault any more, everybody is started.
  void calm();
  std::uint32_t strikes() const { return hits_; }  // that did not miss

 private:
  void strike();
  void strike_again();
  void hit(Fault fault);
  void hit_gate(Fault fault);
  void hit_centre(Fault fault);
  void hit_node(Fault fault);
  void hit_broker(Fault fault);
  void cut_line();
  void cut_session();
  void heal_after_outage(std::function<void()> heal);
  template <class Party>
  Party& one_of(std::vector<std::unique_ptr<Party>>& parties);
  std::string one_user();

  World& world_;
  const Mix mix_;
  Chance chance_{world_.nature.chance.next()};  // of when which class strikes
  Chance own_{0};                               // of the strike at hand
  Life life_ = new_life();                      // of what heals by itself
  std::uint32_t strikes_ = 0;
  std::uint32_t hits_ = 0;
  Span end_{};
};

}  // namespace tributary::sim
