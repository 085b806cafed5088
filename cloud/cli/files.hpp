// Files of the fleet authority: secrets are 0600, folders 0700, nothing that exists is overwritten.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tributary::cli {

// A command cannot go on; the text names the thing and the remedy. `code` is the program's exit code.
struct CommandFault : std::runtime_error {
  explicit CommandFault(const std::string& text, int exit_code = 1)
      : std::runtime_error(text), code(exit_code) {}
  int code;
};

enum class Secrecy { open, secret };

void make_folder(const std::filesystem::path& folder);  // with its parents
void write_new(const std::filesystem::path& file, std::string_view content, Secrecy secrecy);
void append(const std::filesystem::path& file, std::string_view content);
std::string read_file(const std::filesystem::path& file);
// One line, without its line end.
std::string read_line(const std::filesystem::path& file);

}  // namespace tributary::cli
