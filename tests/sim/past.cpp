#include "tests/sim/past.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tributary::sim {

std::vector<Past> parse_past(const std::string& text) {
  std::vector<Past> all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const auto bar = line.find(" | ");
    if (bar == std::string::npos || bar + 3 == line.size()) {
      throw std::invalid_argument("past failures: no why in '" + line + "'");
    }
    all.push_back({Mix::parse(line.substr(0, bar)), line.substr(bar + 3)});
  }
  return all;
}

std::vector<Past> past_failures() {
  const char* source = std::getenv("TRIBUTARY_SOURCE");
  const std::string root = source != nullptr ? source : TRIBUTARY_SOURCE_FOLDER;
  std::ifstream file(root + "/tests/sim/past_failures");
  if (!file) throw std::runtime_error("no file tests/sim/past_failures under " + root);
  std::stringstream text;
  text << file.rdbuf();
  return parse_past(text.str());
}

}  // namespace tributary::sim
