// Who takes part: each device by hash and alone, as in tasks with selection "hash", or invited by
// gateway/scheduling. Both play the same rounds in the same world.
#pragma once

#include <memory>
#include <string>

#include "gateway/scheduling/pace.hpp"
#include "gateway/scheduling/selection.hpp"
#include "tests/bench/scheduling/device_world.hpp"

namespace tributary::bench {

struct RoundTerms {
  sched::Wanted wanted;
  sched::Span interval{600};
  sched::Span longest{240};  // from the opening to the context's deadline
  Work work{};
};

// What became of one device in a round.
struct Part {
  std::uint32_t device;
  double seconds;  // from the opening
  bool finished;
  bool counted = false;  // in time, and among the first n_target
};

class Strategy {
 public:
  virtual ~Strategy() = default;
  // Devices connect, are chosen, and work; `cost` gets what all of it costs all of them.
  virtual std::vector<Part> play(DeviceWorld& world, std::uint32_t round, const RoundTerms& terms,
                                 Cost& cost) = 0;
  // How long this round is waited for.
  virtual double patience(const RoundTerms& terms) const = 0;
  // The round is over; `counted` is filled in.
  virtual void learn(const std::vector<Part>& parts, std::uint32_t round,
                     const RoundTerms& terms) = 0;
};

// `over_selection` times n_target devices on average; those whose battery or link is low decline. Whoever might be
// selected connects once for every round to look.
std::unique_ptr<Strategy> random_strategy(double over_selection);
std::unique_ptr<Strategy> scheduled_strategy(const DeviceWorld& world);

}  // namespace tributary::bench
