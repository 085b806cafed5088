#include "cloud/server/session.hpp"

#include <openssl/sha.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/url/parse.hpp>
#include <ctime>

#include "cloud/server/problem.hpp"
#include "cloud/server/tls.hpp"
#include "crypto/secret.hpp"

namespace tributary::cloud::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using Stream = beast::ssl_stream<beast::tcp_stream>;
using Parser = http::request_parser<http::string_body>;
using Response = http::response<http::string_body>;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t first_read = 4096;
constexpr std::size_t most_lingering = 1024 * 1024;
constexpr std::chrono::seconds lingering{1};

// A request line that was understood: where it goes, or the answer that ends it.
struct Routed {
  const Route* route = nullptr;
  Call call;
  std::optional<Answer> refusal;
};

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

Routed route_request(const Parser::value_type& request, Plane plane,
                     const std::optional<GatewayId>& peer, const Front& front) {
  Routed routed;
  if (plane == Plane::gateway && !peer) {
    routed.refusal =
        problem(403, "the client certificate is not a gateway's: its CN must be gateway:<hex id>");
    return routed;
  }
  if (plane == Plane::admin &&
      !authorised(request[http::field::authorization], front.operator_token)) {
    routed.refusal = unauthorised();
    return routed;
  }
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
  return routed;
}

std::size_t body_limit(const Route& route, const Front& front) {
  return route.body_limit == large_body ? front.limits.body_bytes : route.body_limit;
}

Answer too_large(std::size_t limit) {
  return problem(413, limit == 0 ? std::string{"this route takes no body"}
                                 : "the body is larger than " + std::to_string(limit) + " bytes");
}

Answer refusal_of(const beast::error_code& error, std::size_t limit) {
  if (error == http::error::body_limit) return too_large(limit);
  if (error == http::error::header_limit) return problem(431, "the header is larger than 8 KiB");
  return problem(400, "not an HTTP request: " + error.message());
}

// IMF-fixdate (RFC 9110 5.6.7); a client may compare it with its own clock.
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

Response response_of(Answer answer, bool keep_alive) {
  Response response{static_cast<http::status>(answer.status), 11};
  response.set(http::field::date, http_date());
  if (!answer.media.empty()) response.set(http::field::content_type, answer.media);
  response.set(http::field::cache_control, "no-store");
  response.set(http::field::strict_transport_security, "max-age=31536000");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("Content-Security-Policy", "default-src 'none'");
  for (const auto& [name, value] : answer.headers) response.set(name, value);
  response.keep_alive(keep_alive);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  return response;
}

class Session final : public Closable {
 public:
  Session(asio::ip::tcp::socket socket, Plane plane, asio::ssl::context& tls, Front& front)
      : stream_(beast::tcp_stream(std::move(socket)), tls), plane_(plane), front_(front) {
    front_.connections.insert(this);
  }
  ~Session() override {
    front_.connections.erase(this);
    if (front_.stopping && front_.connections.empty()) front_.deserted();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void close(bool at_once) override {
    if (idle_ || at_once) beast::get_lowest_layer(stream_).cancel();
  }

  asio::awaitable<void> run() {
    expire_after(front_.limits.header);
    const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, quietly);
    if (error) co_return;
    if (plane_ == Plane::gateway) peer_ = peer_gateway(stream_.native_handle());
    bool open = true;
    while (open && !front_.stopping) open = co_await one_request();
    expire_after(lingering);
    const auto [ignored] = co_await stream_.async_shutdown(quietly);
    (void)ignored;  // the peer may be gone already
  }

 private:
  void expire_after(std::chrono::milliseconds time) {
    beast::get_lowest_layer(stream_).expires_after(time);
  }

  // False: the connection is to be closed.
  asio::awaitable<bool> one_request() {
    if (!co_await first_bytes()) co_return false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(front_.limits.header_bytes));
    parser.body_limit(boost::none);
    expire_after(front_.limits.header);
    const auto [error, size] = co_await http::async_read_header(stream_, buffer_, parser, quietly);
    (void)size;
    if (error) {
      // Only what the peer sent wrongly gets an answer; a closed or slow one is closed.
      if (error.category() == http::make_error_code(http::error::end_of_stream).category() &&
          error != http::error::end_of_stream && error != http::error::partial_message) {
        co_await refuse("none", refusal_of(error, 0));
      }
      co_return false;
    }
    auto routed = route_request(parser.get(), plane_, peer_, front_);
    const std::string_view name = routed.route ? routed.route->pattern : std::string_view{"none"};
    if (!routed.refusal) {
      const auto limit = body_limit(*routed.route, front_);
      if (parser.content_length() && *parser.content_length() > limit) {
        routed.refusal = too_large(limit);
      }
      parser.body_limit(limit);
    }
    if (routed.refusal) {
      co_return co_await refuse_body(name, parser, std::move(*routed.refusal));
    }
    co_return co_await read_and_answer(parser, std::move(routed));
  }

  asio::awaitable<bool> first_bytes() {
    if (buffer_.size() > 0) co_return true;
    expire_after(front_.limits.idle);
    idle_ = true;
    const auto [error, size] =
        co_await stream_.async_read_some(buffer_.prepare(first_read), quietly);
    idle_ = false;
    if (error) co_return false;
    buffer_.commit(size);
    co_return true;
  }

  asio::awaitable<bool> read_and_answer(Parser& parser, Routed routed) {
    expire_after(front_.limits.body);
    if (beast::iequals(parser.get()[http::field::expect], "100-continue") &&
        !co_await say_continue()) {
      co_return false;
    }
    const auto [error, size] = co_await http::async_read(stream_, buffer_, parser, quietly);
    (void)size;
    if (error == http::error::body_limit || error == http::error::bad_chunk) {
      auto refusal = refusal_of(error, body_limit(*routed.route, front_));
      co_await refuse(routed.route->pattern, std::move(refusal));
      co_return false;
    }
    if (error) co_return false;
    const bool keep_alive = parser.get().keep_alive();
    routed.call.body = std::move(parser.get().body());
    Answer reply = co_await answer_of(routed);
    co_return co_await write(routed.route->pattern, std::move(reply), keep_alive);
  }

  asio::awaitable<bool> say_continue() {
    http::response<http::empty_body> response{http::status::continue_, 11};
    const auto [error, size] = co_await http::async_write(stream_, response, quietly);
    (void)size;
    co_return !error;
  }

  // Calls the route, and again when the work it waits for has changed.
  asio::awaitable<Answer> answer_of(Routed& routed) {
    std::optional<std::chrono::steady_clock::time_point> until;
    while (true) {
      Reply reply = answer(front_.site, *routed.route, routed.call, front_.failed);
      if (auto* final = std::get_if<Answer>(&reply)) co_return std::move(*final);
      beast::get_lowest_layer(stream_).expires_never();
      if (!until) until = std::chrono::steady_clock::now() + std::get<Pause>(reply).longest;
      asio::steady_timer timer(stream_.get_executor(), *until);
      const WaitingRoom::Seat seat(front_.room, routed.call.gateway, timer);
      const auto [error] = co_await timer.async_wait(quietly);
      routed.call.waited = !error || front_.stopping;
    }
  }

  asio::awaitable<bool> write(std::string_view route, Answer reply, bool keep_alive) {
    front_.answered(plane_, route, reply.status);
    auto response = response_of(std::move(reply), keep_alive && !front_.stopping);
    const bool goes_on = response.keep_alive();
    expire_after(front_.limits.body);
    const auto [error, size] = co_await http::async_write(stream_, response, quietly);
    (void)size;
    co_return !error && goes_on;
  }

  asio::awaitable<void> refuse(std::string_view route, Answer reply) {
    co_await write(route, std::move(reply), false);
    // A peer that is still sending would lose the answer if the connection were cut at once.
    std::size_t drained = 0;
    expire_after(lingering);
    while (drained < most_lingering) {
      buffer_.clear();
      const auto [error, size] =
          co_await stream_.async_read_some(buffer_.prepare(first_read * 4), quietly);
      if (error) break;
      drained += size;
    }
  }

  // Refuses a request whose body has not been read: small ones are read, so that the connection
  // can go on; others end it.
  asio::awaitable<bool> refuse_body(std::string_view route, Parser& parser, Answer reply) {
    const bool bodiless = !parser.chunked() && parser.content_length().value_or(0) == 0;
    if (bodiless) co_return co_await write(route, std::move(reply), parser.get().keep_alive());
    co_await refuse(route, std::move(reply));
    co_return false;
  }

  Stream stream_;
  Plane plane_;
  Front& front_;
  beast::flat_buffer buffer_;
  bool idle_ = false;  // waiting for the next request
  std::optional<GatewayId> peer_;
};

}  // namespace

bool authorised(std::string_view authorization, const Hash& operator_token) {
  constexpr std::string_view scheme = "Bearer ";
  if (!authorization.starts_with(scheme)) return false;
  const auto token = authorization.substr(scheme.size());
  Hash hash;
  SHA256(view_of(token).data(), token.size(), hash.bytes.data());
  return crypto::equal_constant_time(hash.view(), operator_token.view());
}

asio::awaitable<void> serve(asio::ip::tcp::socket socket, Plane plane, asio::ssl::context& tls,
                            Front& front) {
  if (front.connections.size() >= front.limits.connections) co_return;
  Session session(std::move(socket), plane, tls, front);
  co_await session.run();
}

}  // namespace tributary::cloud::server
