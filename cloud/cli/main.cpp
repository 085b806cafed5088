// tributary: the command line for operators and the fleet authority.
#include <exception>
#include <iostream>

#include "cloud/cli/commands.hpp"
#include "cloud/cli/files.hpp"
#include "cloud/service/exit_code.hpp"

int main(int argc, char** argv) {
  using namespace tributary;
  CLI::App program("Tributary: federated learning over devices, gateways and a coordinator");
  program.require_subcommand(1);
  cli::add_authority_commands(program);
  cli::add_task_commands(program);
  cli::add_model_commands(program);
  cli::add_plan_commands(program);
  cli::add_device_commands(program);
  cli::add_doctor_command(program);
  cli::add_privacy_commands(program);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? service::exit_success : service::exit_configuration;
  } catch (const cli::CommandFault& fault) {
    std::cerr << "tributary: " << fault.what() << '\n';
    return fault.code;
  } catch (const std::exception& error) {
    std::cerr << "tributary: " << error.what() << '\n';
    return service::exit_failure;
  }
  return service::exit_success;
}
