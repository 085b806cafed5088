// Log lines of a server program on stderr: an event name and fields, for people or as JSON lines. Any thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace tributary::service::log {

using Value = std::variant<std::string, std::int64_t, double, bool>;

struct Field {
  Field(std::string_view field, std::string_view text) : name(field), value(std::string(text)) {}
  Field(std::string_view field, const std::string& text) : name(field), value(text) {}
  Field(std::string_view field, const char* text) : name(field), value(std::string(text)) {}
  Field(std::string_view field, bool flag) : name(field), value(flag) {}
  Field(std::string_view field, double number) : name(field), value(number) {}
  template <class Integer>
  requires std::is_integral_v<Integer> Field(std::string_view field, Integer number)
      : name(field), value(static_cast<std::int64_t>(number)) {}
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
