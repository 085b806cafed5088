// A request that is not carried out, as a value the caller turns into an HTTP answer.
#pragma once

#include <string>
#include <variant>

namespace tributary::cloud::engine {

enum class Decline {
  malformed,   // does not decode
  unverified,  // decodes, but a check fails; the text names it
  unknown,     // names a thing that is not there
  conflict,    // something else is recorded
  ended,       // the round is over
};
struct Declined {
  Decline kind;
  std::string text;  // names the thing and the remedy
};
struct Done {};
template <class Value = Done>
using Result = std::variant<Value, Declined>;

}  // namespace tributary::cloud::engine
