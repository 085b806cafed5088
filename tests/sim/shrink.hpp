// From a mix that fails to a smaller one that still does, and what to show of it.
#pragma once

#include <functional>

#include "tests/sim/course.hpp"

namespace tributary::sim {

using Run = std::function<Course(const Mix&)>;

struct Shrunk {
  Mix mix;
  Course course;  // fails
  unsigned tries = 0;
};

// Leaves out one part after the other (a class of faults, a site, a device, a round, a kind of weather, half of
// the strikes) for as long as the run still fails; at most `most_tries` runs.
Shrunk shrink(const Mix& mix, Course failing, const Run& run, unsigned most_tries = 120);

// At most so many lines: what was only sent is left out first, then the middle.
std::vector<std::string> short_transcript(const std::vector<std::string>& lines,
                                          std::size_t most = 40);

// Mix, command to repeat it, transcript and what is wrong.
std::string report(const Shrunk& shrunk);

}  // namespace tributary::sim
