#include <iostream>

#include "cloud/cli/authority.hpp"
#include "cloud/cli/commands.hpp"

namespace tributary::cli {
namespace {

void add_init(CLI::App& authority) {
  auto* command =
      authority.add_subcommand("init", "Make a fleet authority: its keys never leave the folder");
  auto tenant = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  command->add_option("--tenant", *tenant, "Name of the tenant, in every certificate")->required();
  command->add_option("FOLDER", *folder, "Where everything is written")->required();
  command->callback([=] {
    init_authority(*folder, *tenant);
    std::cout << "fleet authority of " << *tenant << " in " << *folder
              << "/authority; keep it offline\n";
  });
}

void add_coordinator(CLI::App& authority) {
  auto* command = authority.add_subcommand(
      "coordinator", "Issue the coordinator's identity, TLS certificate and token");
  auto hosts = std::make_shared<std::vector<std::string>>();
  auto folder = std::make_shared<std::string>();
  command->add_option("--host", *hosts, "Name or address it is reached under; repeatable")
      ->required()
      ->expected(1)
      ->take_all();
  auto helper = std::make_shared<std::string>();
  command->add_option("--helper", *helper,
                      "It also helps gateways; who runs it: somebody else than the gateways it "
                      "helps");
  command->add_option("FOLDER", *folder, "The authority's folder")->required();
  command->callback([=] {
    issue_coordinator(*folder, *hosts, *helper);
    std::cout << "copy " << *folder
              << "/coordinator to the coordinator, without operator.token: that is yours\n";
  });
}

void add_gateway(CLI::App& authority) {
  auto* command = authority.add_subcommand(
      "gateway", "Issue a gateway's identities and its broker's configuration");
  auto request = std::make_shared<GatewayRequest>();
  auto folder = std::make_shared<std::string>();
  command->add_option("NAME", request->name, "Name of the site")->required();
  command
      ->add_option("--operator", request->run_by,
                   "Who runs it: trust is split only between different operators")
      ->required();
  command->add_flag("--helper", request->helper, "It also helps other gateways");
  command->add_option("--broker-host", request->broker_host, "Where devices reach the broker")
      ->required();
  command->add_option("--broker-port", request->broker_port, "Its port")->capture_default_str();
  command->add_option("FOLDER", *folder, "The authority's folder")->required();
  command->callback([=] {
    issue_gateway(*folder, *request);
    std::cout << "copy " << *folder << "/gateways/" << request->name << " to the edge box\n";
  });
}

void add_helper(CLI::App& authority) {
  auto* command = authority.add_subcommand(
      "helper", "Issue an independent helper: a gateway without broker and devices");
  auto request = std::make_shared<GatewayRequest>();
  auto folder = std::make_shared<std::string>();
  command->add_option("NAME", request->name, "Name of the helper")->required();
  command
      ->add_option("--operator", request->run_by,
                   "Who runs it: somebody else than the gateways it helps")
      ->required();
  command->add_option("FOLDER", *folder, "The authority's folder")->required();
  command->callback([=] {
    request->helper = true;
    issue_gateway(*folder, *request);
    std::cout << "copy " << *folder << "/gateways/" << request->name
              << " to the helper, and set broker.enabled = false in its configuration; tasks name "
                 "it by the id in "
                 "helper.id\n";
  });
}

// Floors a device enforces, whichever way it gets its identity.
void add_floors(CLI::App* command, const std::shared_ptr<DeviceRequest>& request) {
  command->add_option("--gateway", request->gateway, "Name of the site")->required();
  command->add_option("--count", request->count, "How many")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command
      ->add_option("--n-min", request->n_min,
                   "They refuse rounds with fewer participants than this")
      ->check(CLI::Range(2, 5000))
      ->capture_default_str();
  command
      ->add_option("--clip-cap", request->clip_l2_cap,
                   "They refuse rounds with a larger clip_l2; 0: no cap")
      ->capture_default_str();
  command->add_flag("--trust-gateway", request->trust_gateway,
                    "They take part in rounds of mode trusted-gateway, where their gateway sees "
                    "their updates");
  command
      ->add_option("--noise-floor", request->noise_floor,
                   "They refuse rounds with a lower noise multiplier; 0: none")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command
      ->add_option("--device-noise-floor", request->device_noise_floor,
                   "They refuse rounds in which they add less noise of their own; 0: none")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command
      ->add_option("--participations", request->participation_cap,
                   "They contribute to so many rounds in their life; 0: no cap")
      ->capture_default_str();
}

void add_device(CLI::App& authority) {
  auto* command = authority.add_subcommand("device", "Issue devices of a gateway");
  auto request = std::make_shared<DeviceRequest>();
  auto folder = std::make_shared<std::string>();
  add_floors(command, request);
  command->add_option("FOLDER", *folder, "The authority's folder")->required();
  command->callback([=] {
    for (const auto& id : issue_devices(*folder, *request)) std::cout << id << '\n';
  });
}

void add_claim(CLI::App& authority) {
  auto* command = authority.add_subcommand(
      "claim", "Issue claims for devices that make their own keys, each good for one enrolment");
  auto request = std::make_shared<DeviceRequest>();
  auto folder = std::make_shared<std::string>();
  add_floors(command, request);
  command->add_option("FOLDER", *folder, "The authority's folder")->required();
  command->callback([=] {
    for (const auto& id : issue_claims(*folder, *request)) std::cout << id << '\n';
  });
}

void add_approve(CLI::App& authority) {
  auto* command =
      authority.add_subcommand("approve", "Certify devices that have claimed at a gateway");
  auto gateway = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  auto ids = std::make_shared<std::vector<std::string>>();
  command->add_option("--gateway", *gateway, "Name of the site")->required();
  command->add_option("--device", *ids, "Only this hex id; repeatable; default: all that wait");
  command->add_option("FOLDER", *folder, "The authority's folder")->required();
  command->callback([=] {
    for (const auto& id : approve_claims(*folder, *gateway, *ids)) std::cout << id << '\n';
  });
}

}  // namespace

void add_authority_commands(CLI::App& program) {
  auto* authority =
      program.add_subcommand("authority", "The fleet authority: keys, certificates, credentials");
  authority->require_subcommand(1);
  add_init(*authority);
  add_coordinator(*authority);
  add_gateway(*authority);
  add_helper(*authority);
  add_device(*authority);
  add_claim(*authority);
  add_approve(*authority);
}

}  // namespace tributary::cli
