// cloud/api/openapi.yaml and the route table name the same operations.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <set>

#include "cloud/server/route_table.hpp"

using namespace tributary::cloud;

namespace {

// "GET /v1/x" of every operation: paths are keys at two spaces, methods at four.
std::set<std::string> documented() {
  const char* source = std::getenv("TRIBUTARY_SOURCE");
  REQUIRE(source != nullptr);
  std::ifstream file(std::string(source) + "/cloud/api/openapi.yaml");
  REQUIRE(file.is_open());
  std::set<std::string> operations;
  std::string path;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("  /") && line.ends_with(":")) {
      path = line.substr(2, line.size() - 3);
    } else if (!line.empty() && line.front() != ' ') {
      path.clear();
    } else if (!path.empty() && line.starts_with("    ") && line[4] != ' ' && line.ends_with(":")) {
      std::string method = line.substr(4, line.size() - 5);
      if (method == "parameters") continue;
      std::ranges::transform(method, method.begin(),
                             [](unsigned char c) { return std::toupper(c); });
      operations.insert(method + ' ' + path);
    }
  }
  return operations;
}

}  // namespace

TEST_CASE("every route is documented and every documented operation is a route") {
  std::set<std::string> served;
  for (const auto& route : server::routes()) {
    served.insert(std::string(name_of(route.method)) + ' ' + std::string(route.pattern));
  }
  CHECK(documented() == served);
}
