// What a request asks for, decided from its header alone and free of sockets; and what is said to one that is
// not understood.
#pragma once

#include <boost/beast/core/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "cloud/server/front.hpp"

namespace tributary::cloud::server {

using RequestParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

// Before the header is read: its size is limited, and no body is refused before its route is known.
void expect_header(RequestParser& parser, const Limits& limits);

// A header that was understood: where it goes, or the answer that ends it.
struct Routed {
  const Route* route = nullptr;
  Call call;
  std::optional<Answer> refusal;
  std::size_t body_limit = 0;  // of the route
  std::string_view name() const { return route != nullptr ? route->pattern : "none"; }
};

// `parser` has read a whole header; without a refusal it takes the route's body from now on. `peer`: of the client
// certificate.
Routed route_request(RequestParser& parser, Plane plane, const std::optional<GatewayId>& peer,
                     const Front& front);

// The answer to a peer that sent something wrong. nullopt: it has closed, or the connection is lost.
std::optional<Answer> refusal_of(const boost::beast::error_code& error, std::size_t body_limit);

}  // namespace tributary::cloud::server
