// The daemon over real TLS on loopback.
#include <doctest/doctest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/json/parse.hpp>
#include <future>
#include <thread>

#include "cloud/server/daemon.hpp"
#include "tests/unit/cloud/credentials_folder.hpp"

using namespace tributary;
using namespace tributary::cloud;
using namespace tributary::tests;
namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;

namespace {

const std::string gateway_hex(32, 'a');

struct Got {
  unsigned status = 0;
  std::string body;
  std::string media;
  std::string allow;
};

// A running daemon; requests come from the test's thread.
class Running {
 public:
  explicit Running(server::Limits limits = {}) : credentials(folder_.path()) {
    std::filesystem::create_directories(folder_.path() / "state");
    const tcp::endpoint loopback(asio::ip::make_address("127.0.0.1"), 0);
    daemon_ = std::make_unique<server::Daemon>(
        context_,
        server::DaemonSettings{credentials.path(), folder_.path() / "state", "test", loopback,
                               loopback, limits, 0, 0, std::nullopt},
        [](engine::Severity, std::string_view, service::log::Fields) {});
    gateways_port = daemon_->gateways().port();
    admin_port = daemon_->admin().port();
    daemon_->start();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Running() {
    asio::post(context_, [this] { daemon_->stop(); });
    thread_.join();
  }

  ssl::context client_tls(const std::optional<TlsFiles>& files = std::nullopt) const {
    ssl::context tls(ssl::context::tls_client);
    tls.load_verify_file(credentials.authority().string());
    tls.set_verify_mode(ssl::verify_peer);
    if (files) {
      tls.use_certificate_chain_file(files->certificate.string());
      tls.use_private_key_file(files->key.string(), ssl::context::pem);
    }
    return tls;
  }

  std::string metrics() {
    std::promise<std::string> page;
    asio::post(context_, [&] { page.set_value(daemon_->metrics_page()); });
    return page.get_future().get();
  }

 private:
  Folder folder_;

 public:
  CredentialsFolder credentials;
  std::uint16_t gateways_port = 0;
  std::uint16_t admin_port = 0;

 private:
  asio::io_context context_;
  std::unique_ptr<server::Daemon> daemon_;
  std::thread thread_;
};

// One connection; throws what the handshake or the request throws.
class Client {
 public:
  Client(std::uint16_t port, ssl::context tls) : tls_(std::move(tls)), stream_(context_, tls_) {
    stream_.next_layer().connect({asio::ip::make_address("127.0.0.1"), port});
    stream_.handshake(ssl::stream_base::client);
  }

  Got ask(http::verb method, const std::string& target, const std::string& body = "",
          const std::string& token = "") {
    http::request<http::string_body> request(method, target, 11, body);
    request.set(http::field::host, "localhost");
    if (!token.empty()) request.set(http::field::authorization, token);
    request.prepare_payload();
    http::write(stream_, request);
    return read();
  }
  Got read() {
    http::response<http::string_body> response;
    http::read(stream_, buffer_, response);
    return {response.result_int(), response.body(),
            std::string(response[http::field::content_type]),
            std::string(response[http::field::allow])};
  }
  void send(const std::string& raw) { asio::write(stream_, asio::buffer(raw)); }
  bool closed_by_peer() {
    boost::system::error_code error;
    char byte = 0;
    stream_.read_some(asio::buffer(&byte, 1), error);
    return error.failed();
  }

 private:
  asio::io_context context_;
  ssl::context tls_;
  ssl::stream<tcp::socket> stream_;
  boost::beast::flat_buffer buffer_;
};

const std::string bearer = std::string("Bearer ") + CredentialsFolder::token;

Got admin(Running& running, http::verb method, const std::string& target,
          const std::string& body = "", const std::string& token = bearer) {
  return Client(running.admin_port, running.client_tls()).ask(method, target, body, token);
}

Got as_gateway(Running& running, http::verb method, const std::string& target,
               const std::string& body = "") {
  const auto files = running.credentials.client("gateway:" + gateway_hex);
  return Client(running.gateways_port, running.client_tls(files)).ask(method, target, body);
}

http::verb verb_of(server::Method method) {
  switch (method) {
    case server::Method::get:
      return http::verb::get;
    case server::Method::put:
      return http::verb::put;
    case server::Method::post:
      break;
  }
  return http::verb::post;
}

// The route's path with something in its captures.
std::string path_of(const server::Route& route) {
  std::string path{route.pattern};
  for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
    path.replace(open, path.find('}') - open + 1, "1");
  }
  return path;
}

v1::Signed signed_message(const crypto::SigningKey& key, std::string_view label, std::string body) {
  v1::Signed message;
  message.set_signature(crypto::sign(key, label, crypto::hash(label, {view_of(body)})).raw());
  message.set_body(std::move(body));
  return message;
}

// GatewayKeys of `gateway_hex` under the fleet authority.
std::string keys_body(const crypto::SigningKey& authority, const std::string& version) {
  static const auto identity = crypto::SigningKey::random();
  const auto id = GatewayId::from_hex(gateway_hex)->raw();
  v1::Certificate certificate;
  certificate.set_tenant("test");
  certificate.set_subject_id(id);
  certificate.set_role(v1::ROLE_GATEWAY);
  certificate.set_public_key(crypto::verify_key(identity).raw());
  certificate.set_operator_("plant");
  certificate.set_not_after(4'000'000'000);
  v1::EpochKey epoch;
  epoch.set_subject_id(id);
  epoch.set_role(v1::ROLE_GATEWAY);
  epoch.set_epoch(1);
  epoch.set_public_key(std::string(32, 'k'));
  epoch.set_not_after(4'000'000'000);
  v1::GatewayKeys keys;
  auto& own = *keys.mutable_gateway();
  *own.mutable_certificate() = signed_message(authority, "cert", certificate.SerializeAsString());
  *own.mutable_epoch_key() = signed_message(identity, "epoch-key", epoch.SerializeAsString());
  keys.set_version(version);
  return keys.SerializeAsString();
}

std::string model_bytes(std::size_t parameters) {
  return std::string(parameters * 4, '\0');
}

}  // namespace

TEST_CASE("every admin route wants the token before anything else") {
  Running running;
  for (const auto& route : server::routes()) {
    if (route.plane != server::Plane::admin) continue;
    CAPTURE(route.pattern);
    for (const char* token : {"", "Bearer wrong", "Bearer ", "Basic bGV0LW1lLWlu", "bearer"}) {
      const auto got = admin(running, verb_of(route.method), path_of(route), "", token);
      CHECK(got.status == 401);
      CHECK(got.media == "application/problem+json");
    }
  }
  CHECK(admin(running, http::verb::get, "/v1/nothing", "", "").status == 401);
  CHECK(admin(running, http::verb::get, "/v1/gateway/work").status == 404);
}

TEST_CASE("the gateway plane wants a gateway's certificate of the fleet's CA") {
  Running running;
  const auto ask = [&](const std::optional<TlsFiles>& files, const std::string& path) {
    return Client(running.gateways_port, running.client_tls(files)).ask(http::verb::get, path);
  };
  CHECK_THROWS(ask(std::nullopt, "/v1/gateway/work"));
  CHECK_THROWS(ask(running.credentials.stranger("gateway:" + gateway_hex), "/v1/gateway/work"));
  for (const char* name : {"coordinator", "gateway:", "gateway:xyz", "operator:aa"}) {
    const auto files = running.credentials.client(name);
    for (const auto& route : server::routes()) {
      if (route.plane == server::Plane::gateway) CHECK(ask(files, path_of(route)).status == 403);
    }
  }
  CHECK(as_gateway(running, http::verb::get, "/v1/gateway/work").status == 409);
  CHECK(as_gateway(running, http::verb::get, "/v1/tasks").status == 404);
}

TEST_CASE("TLS 1.2 and plain text are refused") {
  Running running;
  for (const auto port : {running.gateways_port, running.admin_port}) {
    auto old = running.client_tls(running.credentials.client("gateway:" + gateway_hex));
    SSL_CTX_set_max_proto_version(old.native_handle(), TLS1_2_VERSION);
    CHECK_THROWS(Client(port, std::move(old)));
    asio::io_context context;
    tcp::socket plain(context);
    plain.connect({asio::ip::make_address("127.0.0.1"), port});
    asio::write(plain, asio::buffer(std::string("GET / HTTP/1.1\r\n\r\n")));
    std::string answer;
    boost::system::error_code error;
    asio::read(plain, asio::dynamic_buffer(answer), error);
    CHECK(answer.find("HTTP") == std::string::npos);
  }
}

TEST_CASE("wrong paths, methods, bodies and sizes get problem documents") {
  server::Limits limits;
  limits.body_bytes = 4096;
  Running running(limits);
  CHECK(admin(running, http::verb::get, "/v1/tasks/" + std::string(32, '0')).status == 404);
  CHECK(admin(running, http::verb::get, "/v1/tasks/zz").status == 404);
  CHECK(admin(running, http::verb::get, "/v1/tasks/").status == 404);
  CHECK(admin(running, http::verb::get, "/v1//tasks").status == 404);
  CHECK(admin(running, http::verb::get, "/v1/models/" + std::string(64, '0')).status == 404);
  const auto wrong_method = admin(running, http::verb::delete_, "/v1/tasks");
  CHECK(wrong_method.status == 405);
  CHECK(wrong_method.allow == "POST, GET");
  const auto wrong_body = admin(running, http::verb::post, "/v1/tasks", "{not json");
  CHECK(wrong_body.status == 422);
  CHECK(wrong_body.media == "application/problem+json");
  const auto faults = admin(running, http::verb::post, "/v1/tasks", R"({"name": "", "x": 1})");
  CHECK(faults.status == 422);
  CHECK(boost::json::parse(faults.body).at("faults").as_array().size() >= 4);
  CHECK(admin(running, http::verb::post, "/v1/models?name=a&architecture=b", "abc").status == 422);
  CHECK(admin(running, http::verb::post, "/v1/models", model_bytes(1)).status == 422);
  CHECK(admin(running, http::verb::post, "/v1/models?name=a&architecture=b",
              std::string("\0\0\xc0\x7f", 4))
            .status == 422);
  CHECK(admin(running, http::verb::post, "/v1/models?name=a&architecture=b", model_bytes(1025))
            .status == 413);
  CHECK(admin(running, http::verb::get, "/v1/tasks", "a body").status == 413);
  CHECK(as_gateway(running, http::verb::put, "/v1/gateway/keys", std::string(64 * 1024, 'x'))
            .status == 413);
  CHECK(as_gateway(running, http::verb::put, "/v1/gateway/keys", "\xff").status == 400);
  CHECK(as_gateway(running, http::verb::put, "/v1/rounds/" + std::string(64, '0') + "/sum", "")
            .status == 404);
  CHECK(as_gateway(running, http::verb::put, "/v1/rounds/1/sum", "").status == 404);
  CHECK(as_gateway(running, http::verb::get, "/v1/gateway/work?wait=soon").status == 400);
}

TEST_CASE("a chunked body past the limit is cut off with 413") {
  Running running;
  Client client(running.gateways_port,
                running.client_tls(running.credentials.client("gateway:" + gateway_hex)));
  client.send("PUT /v1/gateway/keys HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.send("8000\r\n" + std::string(0x8000, 'x') + "\r\n0\r\n\r\n");
  CHECK(client.read().status == 413);
}

TEST_CASE("garbage, long headers and slow ones end the connection") {
  server::Limits limits;
  limits.header = std::chrono::milliseconds{300};
  limits.idle = std::chrono::milliseconds{300};
  Running running(limits);
  Client garbage(running.admin_port, running.client_tls());
  garbage.send("\x01\x02\x03 nonsense\r\n\r\n");
  CHECK(garbage.read().status == 400);
  Client wide(running.admin_port, running.client_tls());
  wide.send("GET /v1/status HTTP/1.1\r\nX: " + std::string(10'000, 'x') + "\r\n\r\n");
  CHECK(wide.read().status == 431);
  const auto start = std::chrono::steady_clock::now();
  Client slow(running.admin_port, running.client_tls());
  slow.send("GET /v1/status HTT");
  CHECK(slow.read().status == 408);
  CHECK(slow.closed_by_peer());
  Client idle(running.admin_port, running.client_tls());
  CHECK(idle.closed_by_peer());
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{5});
}

TEST_CASE("R17: a body that does not come is answered 408") {
  server::Limits limits;
  limits.body = std::chrono::milliseconds{300};
  Running running(limits);
  Client slow(running.admin_port, running.client_tls());
  slow.send("POST /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: " + bearer +
            "\r\nContent-Length: 100\r\n\r\n{");
  CHECK(slow.read().status == 408);
  CHECK(slow.closed_by_peer());
}

TEST_CASE("R17: connections that ask for nothing make room, those of proven peers stay") {
  server::Limits limits;
  limits.admin_connections = 4;
  limits.gateway_connections = 2;
  Running running(limits);
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 12; ++i) {
    silent.push_back(std::make_unique<Client>(running.admin_port, running.client_tls()));
  }
  Client operated(running.admin_port, running.client_tls());
  CHECK(operated.ask(http::verb::get, "/v1/status", "", bearer).status == 200);
  for (std::size_t i = 0; i < 8; ++i) CHECK(silent[i]->closed_by_peer());
  for (int i = 0; i < 12; ++i) {
    silent.push_back(std::make_unique<Client>(running.admin_port, running.client_tls()));
  }
  CHECK(operated.ask(http::verb::get, "/v1/status", "", bearer).status == 200);
  // The other plane has a room of its own; where all have proven themselves nobody makes room.
  const auto files = running.credentials.client("gateway:" + gateway_hex);
  Client first(running.gateways_port, running.client_tls(files));
  Client second(running.gateways_port, running.client_tls(files));
  CHECK(first.ask(http::verb::get, "/v1/gateway/work").status == 409);
  CHECK(second.ask(http::verb::get, "/v1/gateway/work").status == 409);
  CHECK_THROWS(Client(running.gateways_port, running.client_tls(files)));
  CHECK(first.ask(http::verb::get, "/v1/gateway/work").status == 409);
  CHECK(running.metrics().find("tributary_connections_crowded_out_total{plane=\"admin\"}") !=
        std::string::npos);
}

TEST_CASE("R17: no more connections than files may be open, with room for the database") {
  const server::Limits wanted;
  for (const std::uint64_t descriptors : {256U, 1024U, 2048U, 1U << 20}) {
    const auto limits = server::fitted(wanted, descriptors);
    CHECK(limits.admin_connections + limits.gateway_connections + 64 <= descriptors);
    CHECK(limits.admin_connections >= 8);
    CHECK(limits.gateway_connections >= 56);
  }
  CHECK(server::fitted(wanted, 1 << 20).gateway_connections == wanted.gateway_connections);
}

TEST_CASE("R13: the memory for bodies is bounded over all connections") {
  server::Limits limits;
  limits.bodies_bytes = 64 * 1024;
  Running running(limits);
  const std::string head =
      "POST /v1/models?name=a&architecture=b HTTP/1.1\r\nHost: x\r\nAuthorization: " + bearer +
      "\r\nContent-Length: 40000\r\n\r\n";
  Client one(running.admin_port, running.client_tls());
  one.send(head + "abcd");
  CHECK(admin(running, http::verb::get, "/v1/status").status == 200);
  Client other(running.admin_port, running.client_tls());
  other.send(head);
  CHECK(other.read().status == 503);
  one.send(std::string(39'996, '\0'));
  CHECK(one.read().status == 201);
  CHECK(admin(running, http::verb::get, "/v1/status").status == 200);
  Client later(running.admin_port, running.client_tls());
  later.send(head + std::string(40'000, '\0'));
  // The same model under the same name: kept already.
  CHECK(later.read().status < 300);
}

TEST_CASE("models go in and come out, and a connection serves many requests") {
  Running running;
  Client client(running.admin_port, running.client_tls());
  const auto made = client.ask(http::verb::post, "/v1/models?name=first&architecture=mlp%3A1-1",
                               model_bytes(5), bearer);
  REQUIRE(made.status == 201);
  const auto object = boost::json::parse(made.body).as_object();
  CHECK(object.at("architecture") == "mlp:1-1");
  CHECK(object.at("parameters") == 5);
  const std::string hash{object.at("hash").as_string()};
  CHECK(client.ask(http::verb::get, "/v1/models/" + hash + "/content", "", bearer).body ==
        model_bytes(5));
  CHECK(client.ask(http::verb::post, "/v1/models?name=x&architecture=other", model_bytes(5), bearer)
            .status == 409);
  const auto task = client.ask(http::verb::post, "/v1/tasks",
                               R"({"name": "t", "model": "mlp:1-1", "initial_model": ")" + hash +
                                   R"(", "gateways": [")" + std::string(32, '1') + R"(", ")" +
                                   std::string(32, '2') + R"("]})",
                               bearer);
  REQUIRE(task.status == 201);
  const auto view = boost::json::parse(task.body).as_object();
  CHECK(view.at("state") == "waiting");
  CHECK(view.at("state_reason").as_string().find("has not given its keys") !=
        boost::json::string::npos);
  CHECK_FALSE(view.at("trust").as_string().empty());
  const std::string id{view.at("id").as_string()};
  CHECK(client.ask(http::verb::get, "/v1/tasks/" + id + "/rounds", "", bearer).status == 200);
  CHECK(client.ask(http::verb::get, "/v1/tasks/" + id + "/rounds?after=x", "", bearer).status ==
        400);
  CHECK(client.ask(http::verb::get, "/v1/tasks/" + id + "/rounds/1/survivors", "", bearer).status ==
        404);
  CHECK(client.ask(http::verb::post, "/v1/tasks/" + id + "/stop", "", bearer).status == 200);
  CHECK(client.ask(http::verb::get, "/v1/status", "", bearer).status == 200);
  CHECK(client.ask(http::verb::get, "/v1/gateways", "", bearer).status == 200);
  const auto page = running.metrics();
  CHECK(page.find("tributary_http_requests_total{plane=\"admin\",route=\"/v1/models\"") !=
        std::string::npos);
  CHECK(page.find("tributary_database_bytes") != std::string::npos);
}

TEST_CASE("a gateway that waits for work is woken by a change, and by nothing else") {
  Running running;
  const auto& authority = running.credentials.fleet_authority();
  REQUIRE(
      as_gateway(running, http::verb::put, "/v1/gateway/keys", keys_body(authority, "1")).status ==
      200);
  v1::Work work;
  REQUIRE(work.ParseFromString(as_gateway(running, http::verb::get, "/v1/gateway/work").body));
  const auto target = "/v1/gateway/work?wait=20&seen=" + work.version();
  const auto start = std::chrono::steady_clock::now();
  auto waiting =
      std::async(std::launch::async, [&] { return as_gateway(running, http::verb::get, target); });
  CHECK(waiting.wait_for(std::chrono::milliseconds{300}) == std::future_status::timeout);
  // The same keys again change nothing.
  as_gateway(running, http::verb::put, "/v1/gateway/keys", keys_body(authority, "1"));
  CHECK(waiting.wait_for(std::chrono::milliseconds{200}) == std::future_status::timeout);
  as_gateway(running, http::verb::put, "/v1/gateway/keys", keys_body(authority, "2"));
  const auto woken = waiting.get();
  CHECK(woken.status == 200);
  REQUIRE(work.ParseFromString(woken.body));
  CHECK("/v1/gateway/work?wait=20&seen=" + work.version() != target);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{10});
  const auto again = "/v1/gateway/work?wait=1&seen=" + work.version();
  CHECK(as_gateway(running, http::verb::get, again).status == 200);
}

TEST_CASE("a stop answers those who wait and does not wait for idle connections") {
  auto running = std::make_unique<Running>();
  const auto& authority = running->credentials.fleet_authority();
  REQUIRE(
      as_gateway(*running, http::verb::put, "/v1/gateway/keys", keys_body(authority, "1")).status ==
      200);
  v1::Work work;
  REQUIRE(work.ParseFromString(as_gateway(*running, http::verb::get, "/v1/gateway/work").body));
  Client idle(running->admin_port, running->client_tls());
  CHECK(idle.ask(http::verb::get, "/v1/status", "", bearer).status == 200);
  Client poller(running->gateways_port,
                running->client_tls(running->credentials.client("gateway:" + gateway_hex)));
  poller.send("GET /v1/gateway/work?wait=20&seen=" + work.version() +
              " HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  const auto start = std::chrono::steady_clock::now();
  auto stopping = std::async(std::launch::async, [&] { running.reset(); });
  CHECK(poller.read().status == 200);
  CHECK(poller.closed_by_peer());
  CHECK(idle.closed_by_peer());
  stopping.get();
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{5});
}
