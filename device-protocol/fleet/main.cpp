#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <exception>

#include "device-protocol/fleet/commands.hpp"

namespace {

int run(int count, char** arguments) {
  CLI::App app{"Simulated devices: each the real device library over its own MQTT identity",
               "tributary-fleet"};
  app.require_subcommand(1);
  int exit_code = 0;
  std::string level = "info";
  app.add_option("--log-level", level, "What goes to standard error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  app.parse_complete_callback([&level] { spdlog::set_level(spdlog::level::from_str(level)); });
  tributary::fleet::add_run(app, exit_code);
  tributary::fleet::add_scoreboard(app, exit_code);
  tributary::fleet::add_central(app, exit_code);
  tributary::fleet::add_describe(app, exit_code);
  tributary::fleet::add_initial(app, exit_code);
  tributary::fleet::add_standardise(app, exit_code);
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}

}  // namespace

int main(int count, char** arguments) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("fleet"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  try {
    return run(count, arguments);
  } catch (const std::exception& error) {
    return tributary::fleet::complain(error.what(), 1);
  }
}
