// Requests to the coordinator as the uplink sees them; the program supplies the real client.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <string>

namespace tributary::gateway::uplink {

struct HttpRequest {
  std::string method;  // GET or PUT
  std::string target;  // path and query
  std::string body;
  std::chrono::seconds patience{30};  // for the whole answer
};

struct HttpAnswer {
  unsigned status = 0;  // 0: no answer
  std::string body;
  std::string fault;  // status 0: why; an error status: the problem's detail

  bool good() const { return status >= 200 && status < 300; }
  // The same request may well succeed later.
  bool passing() const { return status == 0 || status == 408 || status == 429 || status >= 500; }
};

using Http = std::function<boost::asio::awaitable<HttpAnswer>(HttpRequest request)>;

}  // namespace tributary::gateway::uplink
