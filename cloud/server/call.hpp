// A request and its answer as values, free of sockets, so that routes are plain functions.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "crypto/bytes.hpp"

namespace tributary::cloud::server {

enum class Method { get, put, post };
enum class Plane { gateway, admin };

struct Call {
  std::vector<std::string> captures;         // of the {..} in the route's pattern, in order
  std::map<std::string, std::string> query;  // decoded; the first of equal names
  std::string body;
  GatewayId gateway;    // of the TLS client certificate; gateway plane only
  bool waited = false;  // the pause asked for is over
};

struct Answer {
  unsigned status = 200;
  std::string media;  // Content-Type; empty with an empty body
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers = {};
};
// Call again when the work of this gateway has changed, or with `waited` after this time.
struct Pause {
  std::chrono::seconds longest;
};
using Reply = std::variant<Answer, Pause>;

constexpr const char* json_media = "application/json";
constexpr const char* protobuf_media = "application/x-protobuf";
constexpr const char* binary_media = "application/octet-stream";
constexpr const char* problem_media = "application/problem+json";

}  // namespace tributary::cloud::server
