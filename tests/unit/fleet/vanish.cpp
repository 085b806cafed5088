#include "device-protocol/fleet/vanish.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace tributary;
using namespace tributary::fleet;

namespace {

DeviceId device(int number) {
  return {{static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)}};
}

}  // namespace

TEST_CASE("about the asked share of devices vanishes, in every phase of a round") {
  const RoundLength length{20, 7};
  std::array<int, 8> by_phase{};
  int vanished = 0;
  for (int i = 0; i < 4000; ++i) {
    const auto plan = draw_vanish(0.1, 1, device(i), Hash{{9}}, length);
    if (!plan) continue;
    ++vanished;
    ++by_phase.at(static_cast<std::size_t>(plan->phase));
    if (plan->phase == TRIB_PHASE_TRAINING) CHECK(plan->turns < 20);
    if (plan->phase == TRIB_PHASE_UPLOADING) CHECK(plan->turns < 7);
  }
  CHECK(vanished > 320);
  CHECK(vanished < 480);
  CHECK(by_phase[TRIB_PHASE_JOINING] + by_phase[TRIB_PHASE_IDLE] == 0);
  for (int phase = TRIB_PHASE_FETCHING; phase <= TRIB_PHASE_COMMITTING; ++phase) {
    CHECK(by_phase.at(static_cast<std::size_t>(phase)) > 0);
  }
}

TEST_CASE("0 and 1 are never and always; the draw depends on device, round and seed only") {
  const RoundLength length{20, 7};
  int differing = 0;
  for (int i = 0; i < 200; ++i) {
    CHECK(!draw_vanish(0, 1, device(i), Hash{}, length));
    CHECK(draw_vanish(1, 1, device(i), Hash{}, length).has_value());
    const auto a = draw_vanish(0.5, 1, device(i), Hash{{1}}, length);
    const auto b = draw_vanish(0.5, 1, device(i), Hash{{1}}, length);
    CHECK(a.has_value() == b.has_value());
    differing += a.has_value() != draw_vanish(0.5, 1, device(i), Hash{{2}}, length).has_value();
    differing += a.has_value() != draw_vanish(0.5, 2, device(i), Hash{{1}}, length).has_value();
  }
  CHECK(differing > 100);
}

TEST_CASE("a plan is due in its phase after its turns, and in any later phase") {
  const VanishPlan plan{TRIB_PHASE_TRAINING, 3};
  CHECK(!plan.due(TRIB_PHASE_FETCHING, 100));
  CHECK(!plan.due(TRIB_PHASE_TRAINING, 2));
  CHECK(plan.due(TRIB_PHASE_TRAINING, 3));
  CHECK(plan.due(TRIB_PHASE_REQUESTING, 0));
}

TEST_CASE("pairwise: a third of those that vanish go between receipt and shares") {
  const RoundLength length{20, 7, true};
  std::array<int, 8> by_phase{};
  for (int i = 0; i < 3000; ++i) {
    const auto plan = draw_vanish(1, 1, device(i), Hash{{9}}, length);
    ++by_phase.at(static_cast<std::size_t>(plan->phase));
  }
  CHECK(by_phase[TRIB_PHASE_IDLE] > 850);
  CHECK(by_phase[TRIB_PHASE_IDLE] < 1150);
  CHECK(by_phase[TRIB_PHASE_TRAINING] > 0);
  const VanishPlan plan{TRIB_PHASE_IDLE};
  CHECK(plan.due(TRIB_PHASE_IDLE, 0));
  for (int phase = TRIB_PHASE_FETCHING; phase <= TRIB_PHASE_COMMITTING; ++phase) {
    CHECK(!plan.due(static_cast<trib_phase>(phase), 100));
  }
}
