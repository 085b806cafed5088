#include "gateway/scheduling/reason.hpp"

namespace tributary::gateway::scheduling {

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::chosen:
      return "chosen";
    case Reason::passed_over:
      return "passed-over";
    case Reason::gone:
      return "gone";
    case Reason::held_back:
      return "held-back";
    case Reason::battery:
      return "battery";
    case Reason::link:
      return "link";
    case Reason::no_data:
      return "no-data";
    case Reason::no_room:
      return "no-room";
    case Reason::cap_reached:
      return "cap-reached";
    case Reason::asleep:
      return "asleep";
    case Reason::too_slow:
      return "too-slow";
    case Reason::resting:
      return "resting";
    case Reason::busy:
      return "busy";
    case Reason::other_cohort:
      return "other-cohort";
  }
  return "";
}

}  // namespace tributary::gateway::scheduling
