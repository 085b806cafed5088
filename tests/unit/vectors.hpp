// The independent test vectors: files of tests/vectors, or of the folder in TRIBUTARY_VECTORS.
#pragma once

#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace tributary::tests {

// `name` without its folder, for example "secagg.json". Throws when it is not there.
inline boost::json::object read_vectors(const std::string& name) {
  const char* folder = std::getenv("TRIBUTARY_VECTORS");
  const char* source = std::getenv("TRIBUTARY_SOURCE");
  const std::string path = (folder   ? std::string(folder)
                            : source ? std::string(source) + "/tests/vectors"
                                     : "tests/vectors") +
                           "/" + name;
  std::ifstream file(path);
  if (!file) {
    throw std::runtime_error(path + " is missing; set TRIBUTARY_VECTORS to the folder of vectors");
  }
  return boost::json::parse(std::string(std::istreambuf_iterator<char>(file), {})).as_object();
}

}  // namespace tributary::tests
