// A plain HTTP/1.1 listener for GET requests of local tools: /healthz, /readyz, /metrics. Not for the network.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "cloud/service/settings.hpp"

namespace tributary::service {

struct Page {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Called on the io_context's thread for each request of its path.
using Pages = std::map<std::string, std::function<Page()>>;

class LocalListener {
 public:
  // Listens until destroyed. A fault in words: the address is in use, not an address, not allowed.
  static std::variant<std::unique_ptr<LocalListener>, std::string> open(boost::asio::io_context& io,
                                                                        const Address& address,
                                                                        Pages pages);
  LocalListener(const LocalListener&) = delete;
  LocalListener& operator=(const LocalListener&) = delete;
  ~LocalListener();
  std::uint16_t port() const;  // the one chosen, when 0 was asked for

 private:
  struct State;
  explicit LocalListener(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

// "HOST:PORT: <what failed>", with "address already in use" and the remedy where that is it.
std::string listen_fault(const Address& address, const std::string& reason);

}  // namespace tributary::service
