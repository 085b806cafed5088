#include "cloud/server/session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <ctime>

#include "cloud/server/problem.hpp"
#include "cloud/server/request.hpp"
#include "cloud/server/tls.hpp"

namespace tributary::cloud::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

using Stream = beast::ssl_stream<beast::tcp_stream>;
using Response = http::response<http::string_body>;

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t first_read = 4096;
constexpr std::size_t most_lingering = 1024 * 1024;
constexpr std::chrono::seconds lingering{1};

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

// Ends what a stream does after some time. Unlike the expiry of a tcp_stream it leaves the connection open, so
// that the peer can be told.
class Patience {
 public:
  Patience(Stream& stream, std::chrono::milliseconds time) : timer_(stream.get_executor(), time) {
    beast::get_lowest_layer(stream).expires_never();
    timer_.async_wait([&stream, over = over_](const beast::error_code& error) {
      if (!error && !*over) beast::get_lowest_layer(stream).cancel();
    });
  }
  ~Patience() { *over_ = true; }
  Patience(const Patience&) = delete;
  Patience& operator=(const Patience&) = delete;

 private:
  asio::steady_timer timer_;
  std::shared_ptr<bool> over_ = std::make_shared<bool>(false);
};

// A share of the memory for bodies, while it lives.
class BodyShare {
 public:
  BodyShare(Front& front, std::size_t bytes) : front_(front), bytes_(bytes) {
    front_.bodies_bytes += bytes_;
  }
  ~BodyShare() { front_.bodies_bytes -= bytes_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

 private:
  Front& front_;
  std::size_t bytes_;
};

class Session final : public Closable {
 public:
  Session(asio::ip::tcp::socket socket, Plane plane, asio::ssl::context& tls, Front& front)
      : stream_(beast::tcp_stream(std::move(socket)), tls), plane_(plane), front_(front) {
    front_.connections.enter(plane_, this);
  }
  ~Session() override {
    front_.connections.leave(plane_, this);
    if (front_.stopping && front_.connections.empty()) front_.deserted();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void close(bool at_once) override {
    closing_ = closing_ || at_once;
    if (idle_ || at_once) beast::get_lowest_layer(stream_).cancel();
  }
  bool proven() const override { return proven_; }

  asio::awaitable<void> run() {
    expire_after(front_.limits.header);
    const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, quietly);
    if (error) co_return;
    if (plane_ == Plane::gateway) peer_ = peer_gateway(stream_.native_handle());
    proven_ = peer_.has_value();
    bool open = true;
    while (open && !front_.stopping && !closing_) open = co_await one_request();
    if (closing_) co_return;
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
    RequestParser parser;
    expect_header(parser, front_.limits);
    beast::error_code error;
    {
      const Patience patience(stream_, front_.limits.header);
      co_await http::async_read_header(stream_, buffer_, parser,
                                       asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) {
      auto refusal = closing_ ? std::nullopt : refusal_of(error, 0);
      if (refusal) co_await refuse("none", std::move(*refusal));
      co_return false;
    }
    auto routed = route_request(parser, plane_, peer_, front_);
    proven_ = proven_ || !routed.refusal;
    if (routed.refusal) {
      co_return co_await refuse_body(routed.name(), parser, std::move(*routed.refusal));
    }
    const auto expected =
        parser.chunked() ? routed.body_limit : parser.content_length().value_or(0);
    if (expected > 0 && front_.bodies_bytes + expected > front_.limits.bodies_bytes) {
      auto crowded = problem(503, "too many bodies are being received; try again");
      crowded.headers.emplace_back("Retry-After", "5");
      co_return co_await refuse_body(routed.name(), parser, std::move(crowded));
    }
    const BodyShare share(front_, expected);
    co_return co_await read_and_answer(parser, std::move(routed));
  }

  // Between requests a peer may rest; one that has not asked for anything yet may not.
  asio::awaitable<bool> first_bytes() {
    if (buffer_.size() > 0) co_return true;
    expire_after(asked_ ? front_.limits.idle : front_.limits.header);
    idle_ = true;
    const auto [error, size] =
        co_await stream_.async_read_some(buffer_.prepare(first_read), quietly);
    idle_ = false;
    asked_ = true;
    if (error) co_return false;
    buffer_.commit(size);
    co_return true;
  }

  asio::awaitable<bool> read_and_answer(RequestParser& parser, Routed routed) {
    beast::error_code error;
    {
      const Patience patience(stream_, front_.limits.body);
      if (beast::iequals(parser.get()[http::field::expect], "100-continue") &&
          !co_await say_continue()) {
        co_return false;
      }
      co_await http::async_read(stream_, buffer_, parser,
                                asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) {
      auto refusal = closing_ ? std::nullopt : refusal_of(error, routed.body_limit);
      if (refusal) co_await refuse(routed.name(), std::move(*refusal));
      co_return false;
    }
    const bool keep_alive = parser.get().keep_alive();
    routed.call.body = std::move(parser.get().body());
    Answer reply = co_await answer_of(routed);
    co_return co_await write(routed.name(), std::move(reply), keep_alive);
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
  asio::awaitable<bool> refuse_body(std::string_view route, RequestParser& parser, Answer reply) {
    const bool bodiless = !parser.chunked() && parser.content_length().value_or(0) == 0;
    if (bodiless) co_return co_await write(route, std::move(reply), parser.get().keep_alive());
    co_await refuse(route, std::move(reply));
    co_return false;
  }

  Stream stream_;
  Plane plane_;
  Front& front_;
  beast::flat_buffer buffer_;
  bool idle_ = false;     // waiting for the next request
  bool asked_ = false;    // has sent something
  bool proven_ = false;   // a gateway's certificate, or the operator's token
  bool closing_ = false;  // at once
  std::optional<GatewayId> peer_;
};

}  // namespace

asio::awaitable<void> serve(asio::ip::tcp::socket socket, Plane plane, asio::ssl::context& tls,
                            Front& front) {
  const auto most =
      plane == Plane::gateway ? front.limits.gateway_connections : front.limits.admin_connections;
  const bool full = front.connections.count(plane) >= most;
  if (full && front.crowded_out) front.crowded_out(plane);
  if (full && !front.connections.make_room(plane, most)) co_return;
  Session session(std::move(socket), plane, tls, front);
  co_await session.run();
}

}  // namespace tributary::cloud::server
