#include "cloud/api/https_client.hpp"

#include <doctest/doctest.h>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>

#include "cloud/cli/x509.hpp"

using namespace tributary;
using api::Fault;

namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using Stream = ssl::stream<asio::ip::tcp::socket>;

struct Folder {
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tributary-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path write(const std::string& name, const std::string& content) const {
    std::ofstream(path / name) << content;
    return path / name;
  }
  std::filesystem::path path;
};

std::string answer(const std::string& body, const std::string& more = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more +
         "\r\n" + body;
}

// What the server does with one request; nullopt: closes without an answer.
using Script = std::function<std::optional<std::string>(const std::string& head)>;

// Serves one connection after the other on its own thread until destroyed.
class Server {
 public:
  explicit Server(Script script, const std::string& host = "localhost")
      : ca(cli::make_ca("test", 1)),
        tls_(ssl::context::tls_server),
        script_(std::move(script)),
        acceptor_(io_, {asio::ip::make_address("127.0.0.1"), 0}) {
    const auto pair = cli::issue_server(ca, "server", {host}, 1);
    tls_.use_certificate_chain(asio::buffer(pair.certificate));
    tls_.use_private_key(asio::buffer(pair.key), ssl::context::pem);
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Server() {
    io_.stop();
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  api::ClientOptions options(const Folder& folder) const {
    api::ClientOptions options;
    options.url = "https://localhost:" + std::to_string(acceptor_.local_endpoint().port());
    options.ca = folder.write("ca.crt", ca.certificate);
    options.timeout = std::chrono::seconds(5);
    return options;
  }

  const cli::TlsPair ca;
  std::atomic<int> connections = 0;
  std::atomic<int> requests = 0;

 private:
  struct Session : std::enable_shared_from_this<Session> {
    Session(Server& owner, asio::ip::tcp::socket socket)
        : server(owner), stream(std::move(socket), owner.tls_) {}
    void start() {
      stream.async_handshake(ssl::stream_base::server, [self = shared_from_this()](auto error) {
        if (!error) self->read();
      });
    }
    void read() {
      asio::async_read_until(stream, buffer, "\r\n\r\n",
                             [self = shared_from_this()](auto error, std::size_t size) {
                               if (!error) self->reply(size);
                             });
    }
    void reply(std::size_t size) {
      const auto* data = static_cast<const char*>(buffer.data().data());
      const std::string head(data, size);
      buffer.consume(buffer.size());
      ++server.requests;
      auto said = server.script_(head);
      if (!said) return stream.lowest_layer().close();
      text = std::move(*said);
      asio::async_write(stream, asio::buffer(text),
                        [self = shared_from_this()](auto error, std::size_t) {
                          if (!error) self->read();
                        });
    }
    Server& server;
    Stream stream;
    asio::streambuf buffer;
    std::string text;
  };

  void accept() {
    acceptor_.async_accept([this](auto error, asio::ip::tcp::socket socket) {
      if (error) return;
      ++connections;
      std::make_shared<Session>(*this, std::move(socket))->start();
      accept();
    });
  }

  ssl::context tls_;
  Script script_;
  asio::io_context io_;
  asio::ip::tcp::acceptor acceptor_;
  std::thread thread_;
};

Fault fault_of(const api::Outcome<api::Response>& outcome) {
  REQUIRE(std::holds_alternative<Fault>(outcome));
  return std::get<Fault>(outcome);
}

api::Request get(const std::string& target = "/") {
  api::Request request;
  request.target = target;
  return request;
}

// The outcomes of requests one after the other on one client.
std::vector<api::Outcome<api::Response>> ask_all(const api::ClientOptions& options,
                                                 std::vector<api::Request> requests) {
  asio::io_context io;
  auto made = api::HttpsClient::make(io.get_executor(), options);
  auto& client = std::get<std::unique_ptr<api::HttpsClient>>(made);
  std::vector<api::Outcome<api::Response>> outcomes;
  asio::co_spawn(
      io,
      [&]() -> asio::awaitable<void> {
        for (auto& request : requests) {
          outcomes.push_back(co_await client->request(std::move(request)));
        }
      },
      asio::detached);
  io.run();
  return outcomes;
}

}  // namespace

TEST_CASE("an answer comes with status, type, date and body; the token goes along") {
  std::string seen;
  Server server([&](const std::string& head) {
    seen = head;
    return answer("hello", "Content-Type: text/plain\r\nDate: Mon, 23 Nov 2026 10:00:00 GMT\r\n");
  });
  const Folder folder;
  auto options = server.options(folder);
  options.token = "secret";
  const auto outcome = api::request_once(options, get("/v1/status?x=1"));
  REQUIRE(std::holds_alternative<api::Response>(outcome));
  const auto& response = std::get<api::Response>(outcome);
  CHECK(response.status == 200);
  CHECK(response.body == "hello");
  CHECK(response.content_type == "text/plain");
  CHECK(response.date == "Mon, 23 Nov 2026 10:00:00 GMT");
  CHECK(seen.starts_with("GET /v1/status?x=1 HTTP/1.1\r\n"));
  CHECK(seen.find("Authorization: Bearer secret\r\n") != std::string::npos);
}

TEST_CASE("faults before a connection name the URL, the file or the host") {
  const Folder folder;
  const auto fault = [&](const std::string& url, const std::filesystem::path& ca) {
    api::ClientOptions options;
    options.url = url;
    options.ca = ca;
    return fault_of(api::request_once(options, get()));
  };
  const auto ca = folder.write("ca.crt", cli::make_ca("test", 1).certificate);
  for (const char* url : {"", "localhost", "http://localhost", "https://", "https://h/path"}) {
    CAPTURE(url);
    CHECK(fault(url, ca).kind == Fault::Kind::configuration);
  }
  const auto missing = fault("https://localhost:1", folder.path / "none.crt");
  CHECK(missing.kind == Fault::Kind::configuration);
  CHECK(missing.text.find("none.crt: no such file") != std::string::npos);
  CHECK(fault("https://localhost:1", folder.write("bad.crt", "no PEM")).kind ==
        Fault::Kind::configuration);
  CHECK(fault("https://host.invalid:1", ca).kind == Fault::Kind::resolve);
  asio::io_context io;
  asio::ip::tcp::acceptor held(io, {asio::ip::make_address("127.0.0.1"), 0});
  const auto port = held.local_endpoint().port();
  held.close();
  CHECK(fault("https://localhost:" + std::to_string(port), ca).kind == Fault::Kind::connect);
}

TEST_CASE("a server of another CA, or under another name, is refused with the reason") {
  const Folder folder;
  Server server([](const std::string&) { return answer("no"); });
  auto options = server.options(folder);
  options.ca = folder.write("other.crt", cli::make_ca("other", 1).certificate);
  const auto stranger = fault_of(api::request_once(options, get()));
  CHECK(stranger.kind == Fault::Kind::certificate);
  CHECK(stranger.text.find("other.crt") != std::string::npos);

  Server renamed([](const std::string&) { return answer("no"); }, "elsewhere.example");
  CHECK(fault_of(api::request_once(renamed.options(folder), get())).kind ==
        Fault::Kind::certificate);
  CHECK(server.requests == 0);
  CHECK(renamed.requests == 0);
}

TEST_CASE("answers that do not come, or are too large, end in time and in bounds") {
  const Folder folder;
  Server silent([](const std::string&) { return "HTTP/1.1 200 OK\r\n"; });
  auto request = get();
  request.timeout = std::chrono::milliseconds(200);
  CHECK(fault_of(api::request_once(silent.options(folder), request)).kind == Fault::Kind::timeout);

  Server generous([](const std::string&) { return answer(std::string(5000, 'x')); });
  auto options = generous.options(folder);
  options.max_response_bytes = 4999;
  CHECK(fault_of(api::request_once(options, get())).kind == Fault::Kind::too_large);
  options.max_response_bytes = 5000;
  CHECK(std::holds_alternative<api::Response>(api::request_once(options, get())));

  Server babbler([](const std::string&) { return "SSH-2.0-x\r\n\r\n"; });
  CHECK(fault_of(api::request_once(babbler.options(folder), get())).kind == Fault::Kind::lost);
}

TEST_CASE("one connection serves many requests, and is made again when the server closed it") {
  const Folder folder;
  SUBCASE("kept alive") {
    Server server([](const std::string&) { return answer("ok"); });
    for (const auto& outcome : ask_all(server.options(folder), {get(), get(), get()})) {
      CHECK(std::holds_alternative<api::Response>(outcome));
    }
    CHECK(server.connections == 1);
  }
  SUBCASE("the server says close") {
    Server server([](const std::string&) { return answer("ok", "Connection: close\r\n"); });
    for (const auto& outcome : ask_all(server.options(folder), {get(), get()})) {
      CHECK(std::holds_alternative<api::Response>(outcome));
    }
    CHECK(server.connections == 2);
  }
  int count = 0;
  const auto closes_on_second = [&](const std::string&) -> std::optional<std::string> {
    if (++count == 2) return std::nullopt;
    return answer("ok");
  };
  SUBCASE("an idempotent request is sent once more") {
    Server server(closes_on_second);
    const auto outcomes = ask_all(server.options(folder), {get(), get()});
    CHECK(std::holds_alternative<api::Response>(outcomes[1]));
    CHECK(server.requests == 3);
  }
  SUBCASE("a POST is not: it may have been done") {
    Server server(closes_on_second);
    auto post = get();
    post.method = "POST";
    const auto outcomes = ask_all(server.options(folder), {get(), post});
    CHECK(fault_of(outcomes[1]).kind == Fault::Kind::lost);
    CHECK(server.requests == 2);
  }
}
