#include "cloud/service/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <ctime>
#include <memory>

namespace tributary::service::log {
namespace {

bool json_lines = false;

boost::json::value json_of(const Value& value) {
  return std::visit([](const auto& held) { return boost::json::value(held); }, value);
}

std::string now_text() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return std::string(text, size) + fmt::format(".{:03}Z", millis);
}

void write(spdlog::level::level_enum level, std::string_view word, std::string_view event,
           Fields fields) {
  if (!spdlog::should_log(level)) return;
  if (json_lines) {
    spdlog::default_logger_raw()->log(level, json_line(event, fields, word, now_text()));
  } else {
    spdlog::default_logger_raw()->log(
        level, fmt::format("{} {:7} {}", now_text(), word, human_line(event, fields)));
  }
}

}  // namespace

void set_up(const std::string& format, const std::string& level) {
  json_lines = format == "json";
  auto logger =
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(spdlog::level::from_str(level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(logger);
}

std::string human_line(std::string_view event, Fields fields) {
  std::string line(event);
  for (const auto& field : fields) {
    line += ' ';
    line += field.name;
    line += '=';
    if (const auto* number = std::get_if<double>(&field.value)) {
      line += fmt::format("{}", *number);
      continue;
    }
    const auto* text = std::get_if<std::string>(&field.value);
    const bool plain =
        text != nullptr && !text->empty() && text->find_first_of(" \"\n\r\t=") == std::string::npos;
    line += plain ? *text : boost::json::serialize(json_of(field.value));
  }
  return line;
}

std::string json_line(std::string_view event, Fields fields, std::string_view level,
                      std::string_view time) {
  boost::json::object line;
  line["time"] = time;
  line["level"] = level;
  line["event"] = event;
  for (const auto& field : fields) line[field.name] = json_of(field.value);
  return boost::json::serialize(line);
}

void debug(std::string_view event, Fields fields) {
  write(spdlog::level::debug, "debug", event, fields);
}
void info(std::string_view event, Fields fields) {
  write(spdlog::level::info, "info", event, fields);
}
void warning(std::string_view event, Fields fields) {
  write(spdlog::level::warn, "warning", event, fields);
}
void error(std::string_view event, Fields fields) {
  write(spdlog::level::err, "error", event, fields);
}

}  // namespace tributary::service::log
