#include "cloud/api/https_client.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/url.hpp>
#include <exception>
#include <optional>

#include "cloud/api/response_parser.hpp"

namespace tributary::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using tcp = asio::ip::tcp;
using Stream = beast::ssl_stream<beast::tcp_stream>;
using boost::system::error_code;

struct HttpsClient::Connection {
  Connection(asio::any_io_executor on, ClientOptions given)
      : executor(std::move(on)), options(std::move(given)), context(ssl::context::tls_client) {}

  asio::any_io_executor executor;
  ClientOptions options;
  ssl::context context;
  std::string host;       // a name or an address, without brackets
  std::string authority;  // HOST:PORT as in the URL
  std::string port;
  std::unique_ptr<Stream> stream;  // connected, or null
  beast::flat_buffer buffer;

  Fault fault(Fault::Kind kind, const std::string& text) const {
    return {kind, options.url + ": " + text};
  }
  Fault fault(const error_code& error, const std::string& doing) const;
  std::optional<Fault> set_up();
  asio::awaitable<std::optional<Fault>> connect();
  asio::awaitable<Outcome<Response>> exchange(const Request& request);
  void drop();
};

namespace {

bool idempotent(const std::string& method) {
  return method != "POST" && method != "PATCH";
}

std::string file_fault(const std::filesystem::path& file, const error_code& error) {
  return file.string() + ": " + (std::filesystem::exists(file) ? error.message() : "no such file");
}

bool is_address(const std::string& host) {
  error_code error;
  asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

Fault HttpsClient::Connection::fault(const error_code& error, const std::string& doing) const {
  if (error == beast::error::timeout) return fault(Fault::Kind::timeout, "timed out " + doing);
  if (error == http::error::body_limit || error == http::error::header_limit) {
    return fault(Fault::Kind::too_large, "the answer is larger than " +
                                             std::to_string(options.max_response_bytes) + " bytes");
  }
  if (stream) {
    const long verified = SSL_get_verify_result(stream->native_handle());
    if (verified != X509_V_OK) {
      return fault(Fault::Kind::certificate,
                   std::string("the server's certificate is not accepted: ") +
                       X509_verify_cert_error_string(verified) + "; is " + options.ca.string() +
                       " the right CA, and " + host + " the certified name?");
    }
  }
  if (error.category() == asio::error::get_ssl_category()) {
    return fault(Fault::Kind::certificate, "TLS failed " + doing + ": " + error.message());
  }
  const bool connecting = doing == "connecting";
  return fault(connecting ? Fault::Kind::connect : Fault::Kind::lost,
               doing + ": " + error.message());
}

std::optional<Fault> HttpsClient::Connection::set_up() {
  const auto url = boost::urls::parse_uri(options.url);
  if (!url || url->scheme() != "https" || url->host().empty() ||
      (!url->path().empty() && url->path() != "/")) {
    return Fault{Fault::Kind::configuration, "'" + options.url + "' is not https://HOST[:PORT]"};
  }
  host = url->host_address();
  authority = std::string(url->encoded_host_and_port());
  port = url->has_port() && !url->port().empty() ? std::string(url->port()) : "443";
  error_code error;
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_3_VERSION);
  context.load_verify_file(options.ca.string(), error);
  if (error) return Fault{Fault::Kind::configuration, file_fault(options.ca, error)};
  if (!options.certificate.empty()) {
    context.use_certificate_chain_file(options.certificate.string(), error);
    if (error) return Fault{Fault::Kind::configuration, file_fault(options.certificate, error)};
    context.use_private_key_file(options.key.string(), ssl::context::pem, error);
    if (error) return Fault{Fault::Kind::configuration, file_fault(options.key, error)};
  }
  context.set_verify_mode(ssl::verify_peer);
  return std::nullopt;
}

asio::awaitable<std::optional<Fault>> HttpsClient::Connection::connect() {
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  tcp::resolver resolver(executor);
  const auto endpoints = co_await resolver.async_resolve(host, port, token);
  if (error) co_return fault(Fault::Kind::resolve, "cannot find the host: " + error.message());
  stream = std::make_unique<Stream>(executor, context);
  buffer.clear();
  X509_VERIFY_PARAM* expected = SSL_get0_param(stream->native_handle());
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str());
  } else {
    X509_VERIFY_PARAM_set1_host(expected, host.c_str(), 0);
    SSL_ctrl(stream->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             host.data());
  }
  beast::get_lowest_layer(*stream).expires_after(options.timeout);
  co_await beast::get_lowest_layer(*stream).async_connect(endpoints, token);
  std::string doing = "connecting";
  if (!error) {
    beast::get_lowest_layer(*stream).socket().set_option(tcp::no_delay(true), error);
    co_await stream->async_handshake(ssl::stream_base::client, token);
    doing = "in the TLS handshake";
  }
  if (!error) co_return std::nullopt;
  Fault failed = fault(error, doing);
  drop();
  co_return failed;
}

asio::awaitable<Outcome<Response>> HttpsClient::Connection::exchange(const Request& request) {
  error_code error;
  auto token = asio::redirect_error(asio::use_awaitable, error);
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.target);
  message.version(11);
  message.set(http::field::host, authority);
  message.set(http::field::user_agent, "tributary");
  if (!options.token.empty()) message.set(http::field::authorization, "Bearer " + options.token);
  if (!request.content_type.empty()) message.set(http::field::content_type, request.content_type);
  message.body() = request.body;
  message.prepare_payload();
  auto& lowest = beast::get_lowest_layer(*stream);
  lowest.expires_after(request.timeout.count() > 0 ? request.timeout : options.timeout);
  co_await http::async_write(*stream, message, token);
  ResponseParser parser;
  expect_response(parser, options.max_response_bytes);
  // A server that refuses a body answers before it has read it: the answer is there even if the write failed.
  const error_code write_error = error;
  co_await http::async_read(*stream, buffer, parser, token);
  lowest.expires_never();
  if (error) {
    Fault failed = fault(write_error ? write_error : error, "waiting for the answer");
    drop();
    co_return failed;
  }
  const bool keep_alive = parser.get().keep_alive();
  std::optional<Response> response = response_of(parser);
  if (!keep_alive || write_error || !response) drop();
  if (!response) co_return fault(Fault::Kind::lost, "got an interim answer nobody asked for");
  co_return std::move(*response);
}

// The TLS close is not waited for: HTTP lengths say where an answer ends.
void HttpsClient::Connection::drop() {
  if (!stream) return;
  error_code ignored;
  beast::get_lowest_layer(*stream).socket().close(ignored);
  stream.reset();
}

Outcome<std::unique_ptr<HttpsClient>> HttpsClient::make(asio::any_io_executor executor,
                                                        ClientOptions options) {
  auto connection = std::make_unique<Connection>(std::move(executor), std::move(options));
  if (auto fault = connection->set_up()) return *fault;
  return std::unique_ptr<HttpsClient>(new HttpsClient(std::move(connection)));
}

HttpsClient::HttpsClient(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)) {}
HttpsClient::~HttpsClient() = default;

asio::awaitable<Outcome<Response>> HttpsClient::request(Request request) {
  const bool reused = connection_->stream != nullptr;
  if (!reused) {
    std::optional<Fault> fault = co_await connection_->connect();
    if (fault) co_return *fault;
  }
  Outcome<Response> first = co_await connection_->exchange(request);
  const Fault* fault = std::get_if<Fault>(&first);
  if (fault == nullptr || fault->kind != Fault::Kind::lost || !reused ||
      !idempotent(request.method)) {
    co_return first;
  }
  std::optional<Fault> again = co_await connection_->connect();
  if (again) co_return *again;
  co_return co_await connection_->exchange(request);
}

namespace {

asio::awaitable<void> run_once(HttpsClient& client, Request request,
                               std::optional<Outcome<Response>>& outcome) {
  outcome = co_await client.request(std::move(request));
}

}  // namespace

Outcome<Response> request_once(const ClientOptions& options, Request request) {
  asio::io_context io(1);
  auto made = HttpsClient::make(io.get_executor(), options);
  if (auto* fault = std::get_if<Fault>(&made)) return *fault;
  std::optional<Outcome<Response>> outcome;
  const auto rethrow = [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  };
  auto& client = *std::get<std::unique_ptr<HttpsClient>>(made);
  asio::co_spawn(io, run_once(client, std::move(request), outcome), rethrow);
  io.run();
  return std::move(outcome).value();
}

}  // namespace tributary::api
