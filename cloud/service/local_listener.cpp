#include "cloud/service/local_listener.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>

namespace tributary::service {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

namespace {
class Connection;
}

struct LocalListener::State : std::enable_shared_from_this<State> {
  State(asio::io_context& io, Pages shown) : acceptor(io), pages(std::move(shown)) {}
  void accept();
  void enter(tcp::socket socket);
  tcp::acceptor acceptor;
  Pages pages;
  std::list<std::weak_ptr<Connection>> connections;  // the oldest first
};

namespace {

constexpr std::uint32_t header_limit = 8192;
constexpr auto patience = std::chrono::seconds(10);
constexpr std::size_t most_connections = 64;

// One connection: reads a request, answers, and goes on while the peer keeps it open.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<const Pages> pages)
      : stream_(std::move(socket)), pages_(std::move(pages)) {}

  void read() {
    parser_.emplace();
    parser_->header_limit(header_limit);
    parser_->body_limit(0);
    stream_.expires_after(patience);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->answer();
                     });
  }

  void close() { stream_.cancel(); }

 private:
  void answer() {
    const auto& request = parser_->get();
    const std::string target(request.target());
    const auto page = pages_->find(target.substr(0, target.find('?')));
    Page result{404, "text/plain; charset=utf-8",
                "not found; there are /healthz, /readyz and /metrics\n"};
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      result = {405, "text/plain; charset=utf-8", "only GET\n"};
    } else if (page != pages_->end()) {
      result = page->second();
    }
    response_ = {static_cast<http::status>(result.status), request.version()};
    response_.set(http::field::content_type, result.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.keep_alive(request.keep_alive());
    response_.body() = std::move(result.body);
    response_.prepare_payload();
    if (request.method() == http::verb::head) response_.body().clear();
    stream_.expires_after(patience);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (!error && self->response_.keep_alive()) self->read();
                      });
  }

  beast::tcp_stream stream_;
  std::shared_ptr<const Pages> pages_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

void LocalListener::State::accept() {
  acceptor.async_accept([self = shared_from_this()](beast::error_code error, tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error) self->enter(std::move(socket));
    self->accept();
  });
}

// Whoever has been here longest makes room: answers take no time, so it is one that does not ask.
void LocalListener::State::enter(tcp::socket socket) {
  std::erase_if(connections, [](const auto& connection) { return connection.expired(); });
  if (connections.size() >= most_connections) {
    if (const auto oldest = connections.front().lock()) oldest->close();
    connections.pop_front();
  }
  auto connection = std::make_shared<Connection>(
      std::move(socket), std::shared_ptr<const Pages>(shared_from_this(), &pages));
  connections.push_back(connection);
  connection->read();
}

std::string listen_fault(const Address& address, const std::string& reason) {
  std::string text = address.host + ":" + std::to_string(address.port) + ": " + reason;
  if (reason.find("in use") != std::string::npos)
    text += "; stop the other program or choose another port";
  return text;
}

std::variant<std::unique_ptr<LocalListener>, std::string> LocalListener::open(
    asio::io_context& io, const Address& address, Pages pages) {
  beast::error_code error;
  const auto host = asio::ip::make_address(address.host, error);
  if (error) return listen_fault(address, "not an IP address");
  auto state = std::make_shared<State>(io, std::move(pages));
  const tcp::endpoint endpoint(host, address.port);
  state->acceptor.open(endpoint.protocol(), error);
  if (!error) state->acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) state->acceptor.bind(endpoint, error);
  if (!error) state->acceptor.listen(64, error);
  if (error) return listen_fault(address, error.message());
  state->accept();
  return std::unique_ptr<LocalListener>(new LocalListener(std::move(state)));
}

LocalListener::LocalListener(std::shared_ptr<State> state) : state_(std::move(state)) {}

LocalListener::~LocalListener() {
  beast::error_code ignored;
  state_->acceptor.close(ignored);
}

std::uint16_t LocalListener::port() const {
  return state_->acceptor.local_endpoint().port();
}

}  // namespace tributary::service
