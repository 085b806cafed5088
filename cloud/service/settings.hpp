// Settings of a server program: each option is declared once, values come from a TOML file and are overridden by
// environment variables PREFIX_SECTION_KEY. All faults are collected, each in words that name the key and the remedy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tributary::service {

struct Address {
  std::string host;  // "127.0.0.1", "::1", "0.0.0.0"
  std::uint16_t port = 0;
};

// The kinds of values, with their limits.
struct TextKind {};
struct PathKind {};
struct FlagKind {};
struct AddressKind {};  // HOST:PORT or [V6]:PORT
struct NumberKind {
  std::int64_t min;
  std::int64_t max;
};
struct ChoiceKind {
  std::vector<std::string> choices;
};
using Kind = std::variant<TextKind, PathKind, FlagKind, AddressKind, NumberKind, ChoiceKind>;

struct Option {
  std::string section;
  std::string key;
  Kind kind;
  std::string standard;  // as it would be written in the environment
  bool required = false;
  std::string help;
};

class Settings {
 public:
  // Getters of declared options; an undeclared one is a std::logic_error.
  const std::string& text(std::string_view section, std::string_view key) const;  // also choices
  std::filesystem::path path(std::string_view section, std::string_view key) const;
  bool flag(std::string_view section, std::string_view key) const;
  std::int64_t number(std::string_view section, std::string_view key) const;
  Address address(std::string_view section, std::string_view key) const;

 private:
  friend class SettingsReader;
  struct Entry {
    Kind kind;
    std::string value;
  };
  const Entry& entry(std::string_view section, std::string_view key) const;
  std::map<std::string, Entry, std::less<>> entries_;  // by "section.key"
};

using Faults = std::vector<std::string>;

// `environment` maps names to values; the process's own is environment_of_process(). A file that is missing or not
// TOML is a fault that names it (and the line).
std::variant<Settings, Faults> read_settings(const std::filesystem::path& file,
                                             const std::vector<Option>& options,
                                             const std::string& prefix,
                                             const std::map<std::string, std::string>& environment);
std::map<std::string, std::string> environment_of_process();

// The reference: a line per option with its default and its help.
std::string describe(const std::vector<Option>& options, const std::string& prefix);

}  // namespace tributary::service
