#include "cloud/server/request.hpp"

#include <openssl/sha.h>

#include <boost/beast/http/error.hpp>
#include <boost/url/parse.hpp>

#include "cloud/server/problem.hpp"
#include "crypto/secret.hpp"

namespace tributary::cloud::server {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::optional<Method> method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::put:
      return Method::put;
    case http::verb::post:
      return Method::post;
    default:
      return std::nullopt;
  }
}

Answer not_found(const NoMatch& no_match, std::string_view path) {
  if (no_match.allow.empty()) return problem(404, "no route " + std::string{path});
  auto answer = problem(405, std::string{path} + " takes " + no_match.allow);
  answer.headers.emplace_back("Allow", no_match.allow);
  return answer;
}

Answer unauthorised() {
  auto answer = problem(401, "send Authorization: Bearer with the token of operator.token");
  answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

Answer too_large(std::size_t limit) {
  return problem(413, limit == 0 ? std::string{"this route takes no body"}
                                 : "the body is larger than " + std::to_string(limit) + " bytes");
}

// Who may ask at all.
std::optional<Answer> stranger(const RequestParser::value_type& request, Plane plane,
                               const std::optional<GatewayId>& peer, const Front& front) {
  if (plane == Plane::gateway && !peer) {
    return problem(403,
                   "the client certificate is not a gateway's: its CN must be gateway:<hex id>");
  }
  if (plane == Plane::admin &&
      !authorised(request[http::field::authorization], front.operator_token)) {
    return unauthorised();
  }
  return std::nullopt;
}

}  // namespace

void expect_header(RequestParser& parser, const Limits& limits) {
  parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
  parser.body_limit(boost::none);
}

Routed route_request(RequestParser& parser, Plane plane, const std::optional<GatewayId>& peer,
                     const Front& front) {
  Routed routed;
  const auto& request = parser.get();
  routed.refusal = stranger(request, plane, peer, front);
  if (routed.refusal) return routed;
  const auto url = boost::urls::parse_origin_form(request.target());
  if (!url) {
    routed.refusal = problem(400, "the request target is not a path");
    return routed;
  }
  const std::string path = url->path();
  auto found = match(plane, method_of(request.method()), path);
  if (const auto* no_match = std::get_if<NoMatch>(&found)) {
    routed.refusal = not_found(*no_match, path);
    return routed;
  }
  routed.route = std::get<Match>(found).route;
  routed.call.captures = std::move(std::get<Match>(found).captures);
  for (const auto& parameter : url->params()) {
    routed.call.query.emplace(parameter.key, parameter.value);
  }
  if (peer) routed.call.gateway = *peer;
  routed.body_limit =
      routed.route->body_limit == large_body ? front.limits.body_bytes : routed.route->body_limit;
  if (parser.content_length() && *parser.content_length() > routed.body_limit) {
    routed.refusal = too_large(routed.body_limit);
    return routed;
  }
  parser.body_limit(routed.body_limit);
  return routed;
}

std::optional<Answer> refusal_of(const beast::error_code& error, std::size_t body_limit) {
  if (error == http::error::body_limit) return too_large(body_limit);
  if (error == http::error::header_limit) return problem(431, "the header is larger than 8 KiB");
  if (error == boost::asio::error::operation_aborted) {
    return problem(408, "the request took too long to arrive");
  }
  const bool http_error =
      error.category() == http::make_error_code(http::error::end_of_stream).category();
  if (!http_error || error == http::error::end_of_stream || error == http::error::partial_message) {
    return std::nullopt;
  }
  return problem(400, "not an HTTP request: " + error.message());
}

bool authorised(std::string_view authorization, const Hash& operator_token) {
  constexpr std::string_view scheme = "Bearer ";
  if (!authorization.starts_with(scheme)) return false;
  const auto token = authorization.substr(scheme.size());
  Hash hash;
  SHA256(view_of(token).data(), token.size(), hash.bytes.data());
  return crypto::equal_constant_time(hash.view(), operator_token.view());
}

}  // namespace tributary::cloud::server
