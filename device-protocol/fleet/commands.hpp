// The subcommands of tributary-fleet. Each adds its options to `app` and, when it was given, leaves
// the process's exit code: 0 success, 1 failure at run time, 2 usage or data that cannot be used.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace tributary::fleet {

// Where examples come from: the options that several subcommands share.
struct DataOptions {
  std::string data = "fashion-mnist";
  std::string data_dir;
};
void add_data_options(CLI::App& command, DataOptions& options);

void add_run(CLI::App& app, int& exit_code);
void add_describe(CLI::App& app, int& exit_code);
void add_initial(CLI::App& app, int& exit_code);
void add_standardise(CLI::App& app, int& exit_code);
void add_central(CLI::App& app, int& exit_code);
void add_scoreboard(CLI::App& app, int& exit_code);

// Prints "tributary-fleet: TEXT" to standard error; returns `code`.
int complain(const std::string& text, int code);

}  // namespace tributary::fleet
