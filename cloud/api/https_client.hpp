// An HTTPS client for one server: one kept-alive connection, TLS 1.3, requests one after the other. Used by the
// gateway's uplink (with a client certificate) and by the operator's tools (with a bearer token).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>

namespace tributary::api {

struct ClientOptions {
  std::string url;                    // https://HOST[:PORT], nothing behind it
  std::filesystem::path ca;           // PEM; the only roots that are trusted
  std::filesystem::path certificate;  // PEM; empty: no client certificate
  std::filesystem::path key;          // PEM, of `certificate`
  std::string token;                  // bearer token; empty: none
  std::chrono::milliseconds timeout{
      30000};  // of connecting, and of a request unless it says otherwise
  std::size_t max_response_bytes = 64 << 20;
};

struct Request {
  std::string method = "GET";
  std::string target;        // "/v1/.."
  std::string content_type;  // empty: no body
  std::string body;
  std::chrono::milliseconds timeout{0};  // 0: the client's
};

struct Response {
  unsigned status = 0;
  std::string content_type;
  std::string date;  // the server's clock, as sent
  std::string body;
};

// No response came, or none that can be used.
struct Fault {
  enum class Kind { configuration, resolve, connect, certificate, timeout, too_large, lost };
  Kind kind;
  std::string text;  // names the server and what failed
};

template <class Type>
using Outcome = std::variant<Type, Fault>;

// Not thread safe; one request at a time. Two requests at once need two clients.
class HttpsClient {
 public:
  // Reads the files at once. A fault names the file or the URL.
  static Outcome<std::unique_ptr<HttpsClient>> make(boost::asio::any_io_executor executor,
                                                    ClientOptions options);
  HttpsClient(const HttpsClient&) = delete;
  HttpsClient& operator=(const HttpsClient&) = delete;
  ~HttpsClient();

  // Connects when there is no connection. A request on a kept-alive connection that the server has closed meanwhile
  // is sent once more on a new one if its method is idempotent (RFC 9110 9.2.2).
  boost::asio::awaitable<Outcome<Response>> request(Request request);

 private:
  struct Connection;
  explicit HttpsClient(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

// The same, for tools without a loop of their own: runs a private io_context until the response is there.
Outcome<Response> request_once(const ClientOptions& options, Request request);

}  // namespace tributary::api
