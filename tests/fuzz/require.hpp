// What a fuzz target holds to be true; ends the process where it is not.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace tributary::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace tributary::fuzz
