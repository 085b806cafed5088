// The coordinator's admin API as the operator reads it.
#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>

#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

struct CoordinatorAccess {
  std::string url;         // https://HOST:PORT
  std::string ca;          // PEM file
  std::string token_file;  // holds the bearer token
};

class Coordinator {
 public:
  static Outcome<Coordinator> at(const CoordinatorAccess& access);
  Coordinator(Coordinator&&) noexcept;
  ~Coordinator();

  // Blocking, at most some seconds. Faults: no answer, a status other than 200, no JSON.
  Outcome<boost::json::value> get(const std::string& target) const;
  Outcome<std::string> download(const std::string& target) const;

 private:
  struct Connection;
  explicit Coordinator(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace tributary::fleet
