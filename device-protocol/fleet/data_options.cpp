#include <CLI/CLI.hpp>
#include <iostream>

#include "device-protocol/fleet/commands.hpp"

namespace tributary::fleet {

void add_data_options(CLI::App& command, DataOptions& options) {
  command.add_option("--data", options.data, "fashion-mnist, digits or csv:DIR")
      ->capture_default_str();
  command.add_option("--data-dir", options.data_dir,
                     "Where the files of fashion-mnist or digits are, if not in their usual place");
}

int complain(const std::string& text, int code) {
  std::cout.flush();
  std::cerr << "tributary-fleet: " << text << '\n';
  return code;
}

}  // namespace tributary::fleet
