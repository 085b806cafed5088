#include "tests/unit/pairwise/vectors.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace tributary::tests {
namespace {

boost::json::value load(const std::string& name) {
  std::string folder = "tests/vectors";
  if (const char* source = std::getenv("TRIBUTARY_SOURCE")) {
    folder = std::string(source) + "/tests/vectors";
  }
  if (const char* given = std::getenv("TRIBUTARY_VECTORS")) folder = given;
  std::ifstream file(folder + "/" + name);
  if (!file) {
    throw std::runtime_error(folder + "/" + name + " is missing; set TRIBUTARY_VECTORS");
  }
  return boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace

const boost::json::object& secagg_vectors() {
  static const boost::json::value loaded = load("secagg.json");
  return loaded.as_object();
}

const boost::json::object& privacy_vectors() {
  static const boost::json::value loaded = load("privacy.json");
  return loaded.as_object();
}

Bytes bytes_of(const boost::json::value& hex) {
  return *from_hex(std::string_view(hex.as_string()));
}

std::uint32_t number_of(const boost::json::value& number) {
  return static_cast<std::uint32_t>(number.as_int64());
}

}  // namespace tributary::tests
