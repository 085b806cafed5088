#include <CLI/CLI.hpp>
#include <iostream>

#include "cloud/service/exit_code.hpp"
#include "cloud/service/failpoint.hpp"
#include "cloud/service/log.hpp"
#include "gateway/daemon.hpp"
#include "gateway/engine/restore.hpp"

namespace {

using namespace tributary;

int refuse(const std::vector<std::string>& faults) {
  for (const auto& fault : faults) std::cerr << "tributary-gateway: " << fault << "\n";
  return service::exit_configuration;
}

int restore(const gateway::Config& config, const std::string& backup) {
  std::filesystem::create_directories(config.state);
  std::filesystem::permissions(config.state, std::filesystem::perms::owner_all);
  gateway::engine::restore(
      config.state, backup,
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()));
  std::cout << (config.state / "gateway.db").string()
            << ": restored; rounds of before are over, devices go on with the next\n";
  return service::exit_success;
}

int run(const std::string& file, bool only_check, const std::string& backup) {
  if (auto fault = service::failpoint_fault(); !fault.empty()) return refuse({fault});
  auto read = gateway::read_config(file, service::environment_of_process());
  if (const auto* faults = std::get_if<service::Faults>(&read)) return refuse(*faults);
  const auto& config = std::get<gateway::Config>(read);
  auto credentials = gateway::read_credentials(config.credentials);
  if (const auto* faults = std::get_if<gateway::CredentialFaults>(&credentials)) {
    return refuse(faults->texts);
  }
  if (only_check) {
    std::cout << file << ": good\n";
    return service::exit_success;
  }
  if (!backup.empty()) return restore(config, backup);
  service::log::set_up(config.log_format, config.log_level);
  gateway::Daemon daemon(config, std::move(std::get<gateway::Credentials>(credentials)));
  return daemon.run();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Collects masked updates of a site's devices and forwards their sums.",
               "tributary-gateway");
  std::string file;
  bool only_check = false;
  std::string backup;
  app.add_option("--config", file, "TOML file")->required();
  app.add_flag("--check-config", only_check, "check configuration and credentials, then exit");
  app.add_option("--restore", backup,
                 "put this backup in place, then exit; SIGUSR1 makes a running program write one");
  app.set_version_flag("--version", TRIBUTARY_VERSION);
  app.footer("Options of the file and the environment:\n" + gateway::describe_config());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? service::exit_success : service::exit_configuration;
  }
  try {
    return run(file, only_check, backup);
  } catch (const std::exception& failure) {
    std::cerr << "tributary-gateway: " << failure.what() << "\n";
    return service::exit_failure;
  }
}
