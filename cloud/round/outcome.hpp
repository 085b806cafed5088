// What the round machine answers to an event: a verdict, and what is to be done.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "crypto/bytes.hpp"

namespace tributary::cloud::round {

// What an event meant to this round; the HTTP answer follows from it.
enum class Verdict {
  accepted,
  repeated,  // the same was recorded before: nothing to do
  conflict,  // something else was recorded
  ended,     // the round or this gateway's part of it is over
};

// Of a wider scope: every gateway has given its sum or is left out. Make the question durable, report with
// on_asked, and only then show it to the helpers.
struct Ask {
  std::size_t part;  // the scope's first
};
// Remove the masks of this part, or of the total of the wider scope whose first part it is, and report with
// on_combined.
struct Combine {
  std::size_t part;
};
// Average the combined parts, make release, next model and progress durable at once, then close.
struct Release {};
// Record the reason and ask the helpers in `voids` never to answer; then close.
struct Abandon {
  std::string reason;
  struct Unanswered {
    std::variant<GatewayId, ScopeId> place;  // whose sum or total was not answered
    HelperId helper;
  };
  std::vector<Unanswered> voids;
};
using Effect = std::variant<Ask, Combine, Release, Abandon>;

struct Outcome {
  Verdict verdict = Verdict::accepted;
  std::string text;  // why, when not accepted
  std::vector<Effect> effects;
};

}  // namespace tributary::cloud::round
