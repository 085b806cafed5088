// The same work over many numbers, in two processes: a world is of one thread, and a core is idle otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tributary::sim {

// What became of one number; `text` is empty when all is well.
struct Verdict {
  std::uint64_t number = 0;
  std::uint32_t strikes = 0;
  std::uint32_t released = 0;
  std::uint32_t abandoned = 0;
  std::string text;
};

// Every number's verdict, in no order. A process that dies says of which number.
std::vector<Verdict> in_two_processes(const std::vector<std::uint64_t>& numbers,
                                      const std::function<Verdict(std::uint64_t)>& work);

}  // namespace tributary::sim
