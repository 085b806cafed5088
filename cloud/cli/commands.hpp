// The groups of commands; each adds its subcommands to the program. Commands throw CommandFault.
#pragma once

#include <CLI/CLI.hpp>

namespace tributary::cli {

void add_authority_commands(CLI::App& program);
void add_task_commands(CLI::App& program);  // task, round, gateway, status
void add_model_commands(CLI::App& program);
void add_plan_commands(CLI::App& program);
void add_device_commands(CLI::App& program);
void add_doctor_command(CLI::App& program);
void add_privacy_commands(CLI::App& program);

}  // namespace tributary::cli
