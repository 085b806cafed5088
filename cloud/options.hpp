// The coordinator's configuration: cloud/api/README.md, each option declared once.
#pragma once

#include "cloud/server/daemon.hpp"
#include "cloud/service/settings.hpp"

namespace tributary::cloud {

struct Options {
  server::DaemonSettings daemon;
  service::Address local;
  std::string log_format;
  std::string log_level;
};

// Reads the file and the environment, and the credentials the file names. Every fault in words.
std::variant<Options, service::Faults> read_options(const std::filesystem::path& file);
std::string options_reference();

// The state folder, mode 0700. Throws std::filesystem::filesystem_error.
void make_state_folder(const Options& options);

}  // namespace tributary::cloud
