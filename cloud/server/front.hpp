// What every session needs: the site behind the routes, who may in, limits, and what to tell.
#pragma once

#include "cloud/server/connections.hpp"
#include "cloud/server/route_table.hpp"
#include "cloud/server/waiting_room.hpp"

namespace tributary::cloud::server {

struct Limits {
  std::size_t body_bytes = 64 * 1024 * 1024;        // of routes with large bodies
  std::size_t bodies_bytes = 1024UL * 1024 * 1024;  // of all bodies being received at the same time
  std::size_t header_bytes = 8 * 1024;
  std::size_t gateway_connections = 2048;
  std::size_t admin_connections = 256;
  std::chrono::milliseconds idle{75'000};  // between requests, longer than a long poll
  std::chrono::milliseconds header{
      10'000};  // handshake; from there to the first byte; to a whole header
  std::chrono::milliseconds body{60'000};  // from the header to the last byte of the body
};

// The same limits for a process that may have so many files open: connections leave room for the database.
inline Limits fitted(Limits limits, std::uint64_t descriptors) {
  constexpr std::uint64_t kept = 64;
  const std::uint64_t room = descriptors > 2 * kept ? descriptors - kept : kept;
  limits.admin_connections =
      std::min<std::uint64_t>(limits.admin_connections, std::max<std::uint64_t>(room / 8, 8));
  limits.gateway_connections = std::min<std::uint64_t>(limits.gateway_connections, room - room / 8);
  return limits;
}

struct Front {
  Site& site;
  Hash operator_token;  // SHA-256 of the operator's bearer token
  Limits limits;
  WaitingRoom room = {};
  Connections connections = {};
  std::size_t bodies_bytes = 0;  // being received
  bool stopping = false;
  std::function<void()> deserted = {};  // the last connection has ended while stopping
  std::function<void(const storage::Failure&)> failed = {};
  // A request was answered; `route`: its pattern, or "none".
  std::function<void(Plane, std::string_view route, unsigned status)> answered = {};
  // A connection was closed for want of room.
  std::function<void(Plane)> crowded_out = {};
};

// The token of `Authorization: Bearer ..` against the hash, in constant time.
bool authorised(std::string_view authorization, const Hash& operator_token);

}  // namespace tributary::cloud::server
