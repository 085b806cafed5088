// test_sim [--seed N | --seeds A..B | --mix TEXT] [--seconds S] [--show] [options of doctest]
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>
#include <vector>

#include "tests/sim/options.hpp"

// A world allocates much and lives briefly: a short quarantine and short stacks make a third more of them.
extern "C" const char* __asan_default_options() {
  return "quarantine_size_mb=16:malloc_context_size=8";
}

namespace tributary::sim {

Options options;

std::uint64_t first_seed() {
  constexpr std::uint64_t places = 1'000'000;
  const char* commit = std::getenv("TRIBUTARY_COMMIT");
  if (commit == nullptr) return 1;
  return std::strtoull(std::string(commit).substr(0, 12).c_str(), nullptr, 16) % places * 10'000;
}

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
  } else if (name == "--mix") {
    options.mix = value;
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
    if (std::string(words[i]) == "--show") {
      tributary::sim::options.show = true;
    } else if (i + 1 < count && take(words[i], words[i + 1])) {
      ++i;
    } else {
      rest.push_back(words[i]);
    }
  }
  doctest::Context context(static_cast<int>(rest.size()), rest.data());
  const auto& options = tributary::sim::options;
  if (options.seeds || options.mix) context.addFilter("test-case", "storms: whatever*");
  return context.run();
}
