#include "device-protocol/fleet/coordinator.hpp"

#include <boost/json/parse.hpp>
#include <fstream>

#include "cloud/api/problem.hpp"

namespace tributary::fleet {

Outcome<Coordinator> Coordinator::at(const CoordinatorAccess& access) {
  std::ifstream file(access.token_file);
  api::ClientOptions options;
  options.url = access.url;
  options.ca = access.ca;
  if (!(file >> options.token)) {
    return Fault{access.token_file + ": no token can be read from it; see --token-file"};
  }
  return Coordinator(std::move(options));
}

Outcome<std::string> Coordinator::download(const std::string& target) const {
  api::Request request;
  request.target = target;
  auto answer = api::request_once(options_, std::move(request));
  if (const auto* fault = std::get_if<api::Fault>(&answer)) return Fault{fault->text};
  auto& response = std::get<api::Response>(answer);
  if (response.status != 200) {
    return Fault{"GET " + target + ": " + api::problem_text(response.status, response.body)};
  }
  return {boost::system::in_place_value, std::move(response.body)};
}

Outcome<boost::json::value> Coordinator::get(const std::string& target) const {
  const auto body = download(target);
  if (!body) return body.error();
  boost::system::error_code error;
  auto value = boost::json::parse(*body, error);
  if (error) return Fault{"GET " + target + ": the answer is not JSON"};
  return {boost::system::in_place_value, std::move(value)};
}

}  // namespace tributary::fleet
