// test_sim [--seed N | --seeds A..B | --seconds S] [options of doctest]
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "tests/sim/options.hpp"

namespace tributary::sim {

Options options;

}  // namespace tributary::sim

namespace {

// False: not one of ours.
bool take(const std::string& name, const std::string& value) {
  auto& options = tributary::sim::options;
  const auto number = [](const std::string& text) {
    return std::strtoull(text.c_str(), nullptr, 10);
  };
  if (name == "--seed") {
    options.seeds = {number(value), number(value)};
  } else if (name == "--seeds") {
    const auto dots = value.find("..");
    options.seeds = {number(value), number(value.substr(dots == std::string::npos ? 0 : dots + 2))};
  } else if (name == "--seconds") {
    options.time = std::chrono::seconds(number(value));
  } else {
    return false;
  }
  return true;
}

}  // namespace

int main(int count, char** words) {
  std::vector<char*> rest{words[0]};
  for (int i = 1; i < count; ++i) {
    if (i + 1 < count && take(words[i], words[i + 1])) {
      ++i;
    } else {
      rest.push_back(words[i]);
    }
  }
  doctest::Context context(static_cast<int>(rest.size()), rest.data());
  if (tributary::sim::options.seeds) context.addFilter("test-case", "*storms*");
  return context.run();
}
