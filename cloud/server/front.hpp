// What every session needs: the site behind the routes, who may in, limits, and what to tell.
#pragma once

#include <set>

#include "cloud/server/route_table.hpp"
#include "cloud/server/waiting_room.hpp"

namespace tributary::cloud::server {

struct Limits {
  std::size_t body_bytes = 64 * 1024 * 1024;  // of routes with large bodies
  std::size_t header_bytes = 8 * 1024;
  std::size_t connections = 4096;            // over both listeners; more are closed at once
  std::chrono::milliseconds idle{75'000};    // between requests, longer than a long poll
  std::chrono::milliseconds header{10'000};  // handshake, and from the first byte to a whole header
  std::chrono::milliseconds body{60'000};    // from the header to the last byte of the body
};

// A connection that can be told to end.
class Closable {
 public:
  virtual ~Closable() = default;
  // `at_once`: in the middle of a request too.
  virtual void close(bool at_once) = 0;
};

struct Front {
  Site& site;
  Hash operator_token;  // SHA-256 of the operator's bearer token
  Limits limits;
  WaitingRoom room = {};
  std::set<Closable*> connections = {};
  bool stopping = false;
  std::function<void()> deserted = {};  // the last connection has ended while stopping
  std::function<void(const storage::Failure&)> failed = {};
  // A request was answered; `route`: its pattern, or "none".
  std::function<void(Plane, std::string_view route, unsigned status)> answered = {};
};

// The token of `Authorization: Bearer ..` against the hash, in constant time.
bool authorised(std::string_view authorization, const Hash& operator_token);

}  // namespace tributary::cloud::server
