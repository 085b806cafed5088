#include "cloud/cli/access.hpp"

#include <cctype>

#include "cloud/api/https_client.hpp"
#include "cloud/api/problem.hpp"
#include "cloud/cli/files.hpp"

namespace tributary::cli {

namespace json = boost::json;

std::shared_ptr<Access> add_access(CLI::App& command) {
  auto access = std::make_shared<Access>();
  command.add_option("--coordinator", access->url, "https://HOST:PORT of the admin listener")
      ->envname("TRIBUTARY_COORDINATOR")
      ->required();
  command.add_option("--ca", access->ca, "CA certificate of the fleet, PEM")
      ->envname("TRIBUTARY_CA")
      ->required();
  command.add_option("--token-file", access->token_file, "File with the operator's token")
      ->envname("TRIBUTARY_TOKEN_FILE")
      ->required();
  command.add_flag("--json", access->json, "Print JSON");
  return access;
}

Answer ask(const Access& access, const std::string& method, const std::string& target,
           const std::string& content_type, const std::string& body) {
  api::ClientOptions options;
  options.url = access.url;
  options.ca = access.ca;
  options.token = read_line(access.token_file);
  api::Request request;
  request.method = method;
  request.target = target;
  request.content_type = content_type;
  request.body = body;
  auto outcome = api::request_once(options, std::move(request));
  if (const auto* fault = std::get_if<api::Fault>(&outcome)) throw CommandFault(fault->text);
  auto& response = std::get<api::Response>(outcome);
  if (response.status >= 400) throw CommandFault(api::problem_text(response.status, response.body));
  return {std::move(response.body), std::move(response.date)};
}

json::value ask_json(const Access& access, const std::string& method, const std::string& target,
                     const std::string& body) {
  const Answer answer = ask(access, method, target, body.empty() ? "" : "application/json", body);
  boost::system::error_code error;
  auto value = json::parse(answer.body, error);
  if (error)
    throw CommandFault(access.url + target +
                       ": the answer is not JSON; is this a Tributary coordinator?");
  return value;
}

std::string encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

}  // namespace tributary::cli
