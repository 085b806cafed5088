// Real requests to the coordinator: as many connections as conversations go on at once.
#pragma once

#include <memory>
#include <vector>

#include "cloud/api/https_client.hpp"
#include "gateway/uplink/http.hpp"

namespace tributary::gateway::uplink {

// Belongs to the io_context thread.
class CoordinatorClients {
 public:
  // The text names the file or URL that is at fault.
  static std::variant<std::shared_ptr<CoordinatorClients>, std::string> make(
      boost::asio::any_io_executor executor, api::ClientOptions options);

  boost::asio::awaitable<HttpAnswer> send(HttpRequest request);
  // The same as a function that keeps the clients alive.
  static Http as_http(std::shared_ptr<CoordinatorClients> clients);

 private:
  using Client = std::unique_ptr<api::HttpsClient>;
  CoordinatorClients(boost::asio::any_io_executor executor, api::ClientOptions options)
      : executor_(std::move(executor)), options_(std::move(options)) {}
  std::variant<Client, std::string> take();

  boost::asio::any_io_executor executor_;
  api::ClientOptions options_;
  std::vector<Client> idle_;
};

}  // namespace tributary::gateway::uplink
