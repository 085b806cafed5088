#include "tests/unit/pairwise/vectors.hpp"

#include "tests/unit/vectors.hpp"

namespace tributary::tests {

const boost::json::object& secagg_vectors() {
  static const auto loaded = read_vectors("secagg.json");
  return loaded;
}

const boost::json::object& privacy_vectors() {
  static const auto loaded = read_vectors("privacy.json");
  return loaded;
}

Bytes bytes_of(const boost::json::value& hex) {
  return *from_hex(std::string_view(hex.as_string()));
}

std::uint32_t number_of(const boost::json::value& number) {
  return static_cast<std::uint32_t>(number.as_int64());
}

}  // namespace tributary::tests
