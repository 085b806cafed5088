// What all parties of a world share: time, chance, weather on the wires, and the record of what happened.
#pragma once

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

#include "tests/sim/chance.hpp"

namespace tributary::sim {

// Of every message on any wire.
struct Weather {
  double loss = 0;
  double duplicate = 0;
  Span delay{2};
  Span jitter{0};
  bool reorder = false;  // jitter may turn messages of one connection around
};

struct Nature {
  explicit Nature(std::uint64_t seed) : chance(seed) { seed_sodium(seed); }

  void note(const std::string& line) {
    transcript.push_back("[" + std::to_string(timeline.now().count()) + "] " + line);
  }
  Span trip() { return weather.delay + chance.span(weather.jitter); }
  std::chrono::sys_time<Span> wall() const {
    return std::chrono::sys_time<Span>(Span(1'800'000'000'000)) + timeline.now();
  }

  boost::asio::io_context io;  // runs what coroutines post; nothing in it waits. Ends last
  Timeline timeline;
  Chance chance;
  Weather weather;
  std::vector<std::string> transcript;
};

}  // namespace tributary::sim
