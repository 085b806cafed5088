#include "gateway/uplink/coordinator_clients.hpp"

#include "cloud/api/problem.hpp"

namespace tributary::gateway::uplink {

std::variant<std::shared_ptr<CoordinatorClients>, std::string> CoordinatorClients::make(
    boost::asio::any_io_executor executor, api::ClientOptions options) {
  std::shared_ptr<CoordinatorClients> clients(
      new CoordinatorClients(std::move(executor), std::move(options)));
  auto first = clients->take();
  if (auto* fault = std::get_if<std::string>(&first)) return std::move(*fault);
  clients->idle_.push_back(std::move(std::get<Client>(first)));
  return clients;
}

std::variant<CoordinatorClients::Client, std::string> CoordinatorClients::take() {
  if (!idle_.empty()) {
    Client client = std::move(idle_.back());
    idle_.pop_back();
    return client;
  }
  auto made = api::HttpsClient::make(executor_, options_);
  if (auto* fault = std::get_if<api::Fault>(&made)) return std::move(fault->text);
  return std::move(std::get<Client>(made));
}

boost::asio::awaitable<HttpAnswer> CoordinatorClients::send(HttpRequest request) {
  HttpAnswer answer;
  auto taken = take();
  if (auto* fault = std::get_if<std::string>(&taken)) {
    answer.fault = std::move(*fault);
    co_return answer;
  }
  Client client = std::move(std::get<Client>(taken));
  api::Request sent;
  sent.method = std::move(request.method);
  sent.target = std::move(request.target);
  if (sent.method == "PUT") sent.content_type = api::protobuf_type;
  sent.body = std::move(request.body);
  sent.timeout = request.patience;
  auto outcome = co_await client->request(std::move(sent));
  idle_.push_back(std::move(client));
  if (auto* fault = std::get_if<api::Fault>(&outcome)) {
    answer.fault = std::move(fault->text);
    co_return answer;
  }
  auto& response = std::get<api::Response>(outcome);
  answer.status = response.status;
  if (!answer.good()) answer.fault = api::problem_text(response.status, response.body);
  answer.body = std::move(response.body);
  co_return answer;
}

Http CoordinatorClients::as_http(std::shared_ptr<CoordinatorClients> clients) {
  return [clients = std::move(clients)](HttpRequest request) {
    return clients->send(std::move(request));
  };
}

}  // namespace tributary::gateway::uplink
