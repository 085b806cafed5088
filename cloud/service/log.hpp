// Log lines of a server program on stderr: an event name and fields, for people or as JSON lines. Any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tributary::service::log {

using Value = std::variant<std::string, std::int64_t, double, bool>;

struct Field {
  Field(std::string_view name, std::string_view value) : name(name), value(std::string(value)) {}
  Field(std::string_view name, const std::string& value) : name(name), value(value) {}
  Field(std::string_view name, const char* value) : name(name), value(std::string(value)) {}
  Field(std::string_view name, bool value) : name(name), value(value) {}
  Field(std::string_view name, double value) : name(name), value(value) {}
  template <class Integer>
  requires std::is_integral_v<Integer> Field(std::string_view name, Integer value)
      : name(name), value(static_cast<std::int64_t>(value)) {}
  std::string_view name;
  Value value;
};
using Fields = std::initializer_list<Field>;

// format: "human" or "json"; level: "debug", "info", "warning" or "error". Call once, at the start.
void set_up(const std::string& format, const std::string& level);

// `event` in snake_case, the same words for the same event for ever: people grep for it.
void debug(std::string_view event, Fields fields = {});
void info(std::string_view event, Fields fields = {});
void warning(std::string_view event, Fields fields = {});
void error(std::string_view event, Fields fields = {});

// A line as it would be written, without time and level; for tests.
std::string human_line(std::string_view event, Fields fields);
std::string json_line(std::string_view event, Fields fields, std::string_view level,
                      std::string_view time);

}  // namespace tributary::service::log
