// The coordinator's admin API as the operator reads it.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "cloud/api/https_client.hpp"
#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

struct CoordinatorAccess {
  std::string url;         // https://HOST:PORT
  std::string ca;          // PEM file
  std::string token_file;  // holds the bearer token
};

class Coordinator {
 public:
  // A fault when the token cannot be read; the coordinator is not asked yet.
  static Outcome<Coordinator> at(const CoordinatorAccess& access);

  // Blocking, a connection for each call, at most 30 s. Faults: no answer, a status other than 200,
  // no JSON.
  Outcome<boost::json::value> get(const std::string& target) const;
  Outcome<std::string> download(const std::string& target) const;

 private:
  explicit Coordinator(api::ClientOptions options) : options_(std::move(options)) {}
  api::ClientOptions options_;
};

}  // namespace tributary::fleet
