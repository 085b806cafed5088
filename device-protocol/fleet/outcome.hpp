// What a fallible function of the fleet returns: a value, or a sentence that names the thing at
// fault and the remedy, ready to be shown to the user.
#pragma once

#include <boost/system/result.hpp>
#include <string>

namespace tributary::fleet {

struct Fault {
  std::string text;
};

// A text as the value is given as {boost::system::in_place_value, text}, to tell it from a fault's.
template <class T>
struct [[nodiscard]] Outcome : boost::system::result<T, Fault> {
  using boost::system::result<T, Fault>::result;
};

}  // namespace tributary::fleet
