#include "cloud/cli/doctor.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iomanip>
#include <sstream>

#include "cloud/api/https_client.hpp"
#include "cloud/api/problem.hpp"
#include "cloud/cli/broker_login.hpp"
#include "cloud/cli/files.hpp"
#include "cloud/cli/x509.hpp"
#include "crypto/bytes.hpp"

namespace tributary::cli {
namespace {

namespace fs = std::filesystem;

constexpr int warn_days = 30;
constexpr std::uintmax_t gibibyte = 1ULL << 30;

Finding certificate(const fs::path& file) {
  if (!fs::exists(file))
    return {Health::fail, "certificate",
            file.string() + " is missing; copy the folder again from the authority"};
  const int days = days_left(read_file(file));
  const std::string text = file.string() + ": " + std::to_string(days) + " days left";
  if (days < -100000)
    return {Health::fail, "certificate", file.string() + " is no certificate; copy it again"};
  if (days < 0)
    return {Health::fail, "certificate",
            file.string() + " has ended; issue a new one with tributary authority"};
  return {days < warn_days ? Health::warn : Health::ok, "certificate",
          days < warn_days ? text + "; issue a new one soon" : text};
}

Finding disk(const fs::path& state) {
  fs::path existing = fs::absolute(state);
  while (!fs::exists(existing) && existing.has_relative_path()) existing = existing.parent_path();
  std::error_code error;
  const auto space = fs::space(existing, error);
  if (error) return {Health::fail, "disk", state.string() + ": " + error.message()};
  const std::string text =
      state.string() + ": " + std::to_string(space.available / gibibyte) + " GiB free";
  if (space.available < gibibyte / 4)
    return {Health::fail, "disk", text + "; updates are refused when it is full: make room"};
  return {space.available < 2 * gibibyte ? Health::warn : Health::ok, "disk", text};
}

// The server's Date against ours; a clock that is off makes certificates and deadlines fail.
Finding clock(const std::string& date) {
  std::tm parts{};
  std::istringstream in(date);
  in.imbue(std::locale::classic());
  in >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S");
  if (in.fail()) return {Health::warn, "clock", "the coordinator sends no date to compare with"};
  const auto offset =
      std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()) - timegm(&parts);
  const std::string text = std::to_string(offset) + " s against the coordinator's clock";
  if (offset > 30 || offset < -30)
    return {Health::fail, "clock", text + "; set the clock, for example with chrony"};
  return {offset > 2 || offset < -2 ? Health::warn : Health::ok, "clock", text};
}

void coordinator(std::vector<Finding>& findings, const api::ClientOptions& options,
                 const std::string& target) {
  api::Request request;
  request.target = target;
  auto outcome = api::request_once(options, std::move(request));
  if (const auto* fault = std::get_if<api::Fault>(&outcome)) {
    findings.push_back({Health::fail, "coordinator", fault->text});
    return;
  }
  const auto& response = std::get<api::Response>(outcome);
  if (response.status >= 400) {
    findings.push_back({Health::fail, "coordinator",
                        options.url + ": " + api::problem_text(response.status, response.body)});
  } else {
    findings.push_back({Health::ok, "coordinator", options.url + " answers"});
  }
  if (!response.date.empty()) findings.push_back(clock(response.date));
}

// The values of a gateway's configuration that matter here; the gateway itself checks all of them.
struct GatewayFacts {
  fs::path credentials;
  fs::path state;
  std::string broker_host;
  std::int64_t broker_port;
  std::string url;
};

GatewayFacts facts_of(const fs::path& config) {
  if (!fs::exists(config)) throw CommandFault(config.string() + ": no such file", 2);
  try {
    const toml::table table = toml::parse_file(config.string());
    return {table["gateway"]["credentials"].value_or(std::string()),
            table["gateway"]["state"].value_or(std::string()),
            table["broker"]["host"].value_or(std::string("127.0.0.1")),
            table["broker"]["port"].value_or<std::int64_t>(8883),
            table["coordinator"]["url"].value_or(std::string())};
  } catch (const toml::parse_error& error) {
    throw CommandFault(config.string() + ": " + std::string(error.description()), 2);
  }
}

Finding broker(const GatewayFacts& facts) {
  const std::string where = facts.broker_host + ":" + std::to_string(facts.broker_port);
  fleet::BrokerCredential credential{"gateway", {}};
  const auto psk = from_hex(read_line(facts.credentials / "gateway.psk"));
  if (!psk || psk->size() != credential.psk.size())
    return {Health::fail, "broker",
            (facts.credentials / "gateway.psk").string() +
                " is not 64 hexadecimal digits; copy it again"};
  std::ranges::copy(*psk, credential.psk.begin());
  const std::string fault =
      broker_login_fault(facts.broker_host, std::to_string(facts.broker_port), credential);
  return fault.empty() ? Finding{Health::ok, "broker", where + " accepts the gateway"}
                       : Finding{Health::fail, "broker", where + ": " + fault};
}

}  // namespace

std::vector<Finding> examine_gateway(const fs::path& gateway_config) {
  const GatewayFacts facts = facts_of(gateway_config);
  std::vector<Finding> findings;
  findings.push_back(certificate(facts.credentials / "tls.crt"));
  findings.push_back(certificate(facts.credentials / "ca.crt"));
  findings.push_back(disk(facts.state));
  findings.push_back(broker(facts));
  api::ClientOptions options;
  options.url = facts.url;
  options.ca = facts.credentials / "ca.crt";
  options.certificate = facts.credentials / "tls.crt";
  options.key = facts.credentials / "tls.key";
  options.timeout = std::chrono::seconds(10);
  coordinator(findings, options, "/v1/gateway/work");
  return findings;
}

std::vector<Finding> examine_coordinator(const std::string& url, const std::string& ca,
                                         const std::string& token_file) {
  std::vector<Finding> findings;
  findings.push_back(certificate(ca));
  api::ClientOptions options;
  options.url = url;
  options.ca = ca;
  options.token = read_line(token_file);
  options.timeout = std::chrono::seconds(10);
  coordinator(findings, options, "/v1/status");
  return findings;
}

}  // namespace tributary::cli
