#include "cloud/service/settings.hpp"

#include <unistd.h>

#include <toml++/toml.h>
#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>

namespace tributary::service {
namespace {

std::string name_of(std::string_view section, std::string_view key) {
  return std::string(section) + "." + std::string(key);
}

std::string variable_of(const std::string& prefix, const Option& option) {
  std::string name = prefix + "_" + option.section + "_" + option.key;
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Address> address_of(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  const auto port = whole_number(text.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return std::nullopt;
  std::string host(text.substr(0, colon));
  if (host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return Address{host, static_cast<std::uint16_t>(*port)};
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// What is wrong with a value of this kind; empty when nothing is.
std::string fault_of(const Kind& kind, const std::string& value) {
  if (const auto* number = std::get_if<NumberKind>(&kind)) {
    const auto parsed = whole_number(value);
    if (!parsed) return "must be a whole number, not '" + value + "'";
    if (*parsed < number->min || *parsed > number->max) {
      return "must be " + std::to_string(number->min) + " to " + std::to_string(number->max) +
             ", not " + value;
    }
  }
  if (const auto* choice = std::get_if<ChoiceKind>(&kind)) {
    if (std::ranges::find(choice->choices, value) == choice->choices.end()) {
      return "must be one of " + joined(choice->choices) + ", not '" + value + "'";
    }
  }
  if (std::holds_alternative<FlagKind>(kind) && value != "true" && value != "false") {
    return "must be true or false, not '" + value + "'";
  }
  if (std::holds_alternative<AddressKind>(kind) && !address_of(value)) {
    return "must be HOST:PORT, not '" + value + "'";
  }
  return {};
}

// Edit distance (Levenshtein), for "did you mean".
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
  const auto best =
      std::ranges::min_element(known, {}, [&](const auto& name) { return distance(word, name); });
  return best == known.end() ? "" : "; did you mean '" + *best + "'?";
}

// A scalar as it would be written in the environment; nullopt: a table, an array, a date.
std::optional<std::string> scalar(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto flag = node.value_exact<bool>()) return *flag ? "true" : "false";
  if (node.is_floating_point()) {
    std::ostringstream out;
    out << *node.value_exact<double>();
    return out.str();
  }
  return std::nullopt;
}

}  // namespace

class SettingsReader {
 public:
  SettingsReader(std::filesystem::path file, const std::vector<Option>& options,
                 const std::string& prefix)
      : file_(std::move(file)), options_(options), prefix_(prefix) {}

  std::variant<Settings, Faults> read(const std::map<std::string, std::string>& environment) {
    read_file();
    for (const auto& option : options_) take(option, environment);
    if (!faults_.empty()) return faults_;
    return settings_;
  }

 private:
  std::string at(const toml::node& node) const {
    return file_.string() + ":" + std::to_string(node.source().begin.line) + ": ";
  }

  void read_file() {
    if (!std::filesystem::exists(file_)) {
      faults_.push_back(file_.string() + ": no such configuration file");
      return;
    }
    try {
      const toml::table table = toml::parse_file(file_.string());
      for (const auto& [section, node] : table) read_section(std::string(section.str()), node);
    } catch (const toml::parse_error& error) {
      faults_.push_back(file_.string() + ":" + std::to_string(error.source().begin.line) + ": " +
                        std::string(error.description()));
    }
  }

  void read_section(const std::string& section, const toml::node& node) {
    std::vector<std::string> sections;
    std::vector<std::string> keys;
    for (const auto& option : options_) {
      sections.push_back(option.section);
      if (option.section == section) keys.push_back(option.key);
    }
    if (!node.is_table() || keys.empty()) {
      faults_.push_back(at(node) + "unknown section [" + section + "]" +
                        nearest(section, sections));
      return;
    }
    for (const auto& [key, value] : *node.as_table()) {
      const std::string name(key.str());
      if (std::ranges::find(keys, name) == keys.end()) {
        faults_.push_back(at(value) + "unknown key '" + name + "' in [" + section + "]" +
                          nearest(name, keys));
      } else if (const auto text = scalar(value)) {
        from_file_[name_of(section, name)] = {at(value), *text, value.is_string()};
      } else {
        faults_.push_back(at(value) + name_of(section, name) + " must be a single value");
      }
    }
  }

  void take(const Option& option, const std::map<std::string, std::string>& environment) {
    const std::string name = name_of(option.section, option.key);
    const std::string variable = variable_of(prefix_, option);
    std::string value = option.standard;
    std::string where = file_.string() + ": ";
    const auto written = from_file_.find(name);
    if (written != from_file_.end()) {
      value = written->second.value;
      where = written->second.where;
    }
    const auto override = environment.find(variable);
    if (override != environment.end()) {
      value = override->second;
      where = "environment variable " + variable + ": ";
    } else if (written != from_file_.end()) {
      const bool number = std::holds_alternative<NumberKind>(option.kind);
      const bool flag = std::holds_alternative<FlagKind>(option.kind);
      if ((number || flag) == written->second.quoted) {
        faults_.push_back(where + name +
                          (number ? " must be a whole number"
                           : flag ? " must be true or false"
                                  : " must be text in quotes"));
        return;
      }
    }
    if (option.required && value.empty()) {
      faults_.push_back(where + name + " is missing: " + option.help);
      return;
    }
    const std::string fault = fault_of(option.kind, value);
    if (!fault.empty()) faults_.push_back(where + name + " " + fault);
    settings_.entries_[name] = {option.kind, value};
  }

  struct Written {
    std::string where;
    std::string value;
    bool quoted;
  };
  const std::filesystem::path file_;
  const std::vector<Option>& options_;
  const std::string& prefix_;
  std::map<std::string, Written> from_file_;
  Faults faults_;
  Settings settings_;
};

std::variant<Settings, Faults> read_settings(
    const std::filesystem::path& file, const std::vector<Option>& options,
    const std::string& prefix, const std::map<std::string, std::string>& environment) {
  return SettingsReader(file, options, prefix).read(environment);
}

std::map<std::string, std::string> environment_of_process() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const char* equals = std::strchr(*entry, '=');
    if (equals != nullptr)
      variables[std::string(static_cast<const char*>(*entry), equals)] = equals + 1;
  }
  return variables;
}

std::string describe(const std::vector<Option>& options, const std::string& prefix) {
  std::string text;
  std::string section;
  for (const auto& option : options) {
    if (option.section != section) text += "[" + option.section + "]\n";
    section = option.section;
    text += "  " + option.key + (option.required ? " (required)" : " = " + option.standard) + "  " +
            option.help + "  [" + variable_of(prefix, option) + "]\n";
  }
  return text;
}

const Settings::Entry& Settings::entry(std::string_view section, std::string_view key) const {
  const auto at = entries_.find(name_of(section, key));
  if (at == entries_.end()) throw std::logic_error("undeclared setting " + name_of(section, key));
  return at->second;
}

const std::string& Settings::text(std::string_view section, std::string_view key) const {
  return entry(section, key).value;
}

std::filesystem::path Settings::path(std::string_view section, std::string_view key) const {
  return entry(section, key).value;
}

bool Settings::flag(std::string_view section, std::string_view key) const {
  return entry(section, key).value == "true";
}

std::int64_t Settings::number(std::string_view section, std::string_view key) const {
  return whole_number(entry(section, key).value).value();
}

Address Settings::address(std::string_view section, std::string_view key) const {
  return address_of(entry(section, key).value).value();
}

}  // namespace tributary::service
