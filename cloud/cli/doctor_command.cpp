#include <boost/json.hpp>
#include <iostream>

#include "cloud/cli/commands.hpp"
#include "cloud/cli/doctor.hpp"
#include "cloud/cli/files.hpp"

namespace tributary::cli {
namespace {

struct Options {
  std::string gateway_config;
  std::string url;
  std::string ca;
  std::string token_file;
  bool json = false;
};

std::string_view word(Health health) {
  switch (health) {
    case Health::ok:
      return "ok";
    case Health::warn:
      return "warn";
    case Health::fail:
      break;
  }
  return "fail";
}

void print(const std::vector<Finding>& findings, bool as_json) {
  boost::json::array items;
  for (const auto& finding : findings) {
    if (as_json) {
      items.push_back(
          {{"health", word(finding.health)}, {"subject", finding.subject}, {"text", finding.text}});
    } else {
      std::cout << word(finding.health) << (finding.health == Health::ok ? "    " : "  ")
                << finding.subject << ": " << finding.text << '\n';
    }
  }
  if (as_json) std::cout << boost::json::serialize(boost::json::object{{"items", items}}) << '\n';
}

void examine(const Options& options) {
  std::vector<Finding> findings;
  if (!options.gateway_config.empty()) findings = examine_gateway(options.gateway_config);
  if (!options.url.empty()) {
    if (options.ca.empty() || options.token_file.empty()) {
      throw CommandFault("to examine a coordinator give --ca and --token-file too", 2);
    }
    const auto more = examine_coordinator(options.url, options.ca, options.token_file);
    findings.insert(findings.end(), more.begin(), more.end());
  }
  if (findings.empty())
    throw CommandFault("nothing to examine; give --gateway-config FILE or --coordinator URL", 2);
  print(findings, options.json);
  for (const auto& finding : findings) {
    if (finding.health == Health::fail)
      throw CommandFault("something needs attention: see the lines with fail");
  }
}

}  // namespace

void add_doctor_command(CLI::App& program) {
  auto* command =
      program.add_subcommand("doctor", "Check broker, certificates, clock, disk and coordinator");
  auto options = std::make_shared<Options>();
  command->add_option("--gateway-config", options->gateway_config,
                      "TOML of the gateway on this machine");
  command->add_option("--coordinator", options->url, "https://HOST:PORT of the admin listener")
      ->envname("TRIBUTARY_COORDINATOR");
  command->add_option("--ca", options->ca, "CA certificate, PEM")->envname("TRIBUTARY_CA");
  command->add_option("--token-file", options->token_file, "File with the operator's token")
      ->envname("TRIBUTARY_TOKEN_FILE");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { examine(*options); });
}

}  // namespace tributary::cli
