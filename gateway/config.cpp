#include "gateway/config.hpp"

namespace tributary::gateway {
namespace {

using service::AddressKind;
using service::ChoiceKind;
using service::FlagKind;
using service::NumberKind;
using service::Option;
using service::PathKind;
using service::TextKind;

constexpr auto prefix = "TRIBUTARY_GATEWAY";
constexpr std::int64_t tib = std::int64_t{1} << 40;

const std::vector<Option>& options() {
  static const std::vector<Option> all{
      {"gateway", "name", TextKind{}, "", true, "site name, 1 to 64 bytes; tasks may use it"},
      {"gateway", "credentials", PathKind{}, "", true,
       "folder written by `tributary authority gateway`"},
      {"gateway", "state", PathKind{}, "", true,
       "folder for the database and journals, made if missing"},
      {"broker", "enabled", FlagKind{}, "true", false,
       "false: no devices here, only the helper role for other gateways"},
      {"broker", "host", TextKind{}, "127.0.0.1", false, "the site's MQTT broker"},
      {"broker", "port", NumberKind{1, 65535}, "8883", false, "its TLS-PSK listener"},
      {"coordinator", "url", TextKind{}, "", true, "https://HOST:PORT of the gateway listener"},
      {"local", "listen", AddressKind{}, "127.0.0.1:9101", false, "/healthz /readyz /metrics"},
      {"limits", "uploads_in_flight", NumberKind{1, 10'000}, "16", false,
       "devices of a round that hold credit at the same time"},
      {"limits", "credit_bytes", NumberKind{48, 64 << 20}, "1048576", false,
       "per device and credit"},
      {"limits", "queue_bytes", NumberKind{1 << 20, std::int64_t{4} << 30}, "33554432", false,
       "messages waiting for the loop, and words waiting for the disk"},
      {"limits", "store_bytes", NumberKind{1 << 20, 64 * tib}, "8589934592", false,
       "all journals together"},
      {"limits", "outbox_bytes", NumberKind{1 << 20, 64 * tib}, "1073741824", false,
       "what may wait for the coordinator, sums of open rounds included; beyond it none is opened"},
      {"limits", "rule_bytes", NumberKind{1 << 20, std::int64_t{1} << 40}, "268435456", false,
       "memory of a robust rule over devices, in rounds of mode trusted-gateway"},
      {"helper", "enabled", FlagKind{}, "true", false, "remove masks for peer gateways"},
      {"helper", "n_min", NumberKind{2, 100'000}, "3", false, "smallest round helped with"},
      {"log", "format", ChoiceKind{{"human", "json"}}, "human", false, "log lines on stderr"},
      {"log", "level", ChoiceKind{{"debug", "info", "warning", "error"}}, "info", false,
       "the least that is logged"}};
  return all;
}

Config config_of(const service::Settings& settings) {
  Config config;
  config.name = settings.text("gateway", "name");
  config.credentials = settings.path("gateway", "credentials");
  config.state = settings.path("gateway", "state");
  config.broker_enabled = settings.flag("broker", "enabled");
  config.broker_host = settings.text("broker", "host");
  config.broker_port = static_cast<std::uint16_t>(settings.number("broker", "port"));
  config.coordinator_url = settings.text("coordinator", "url");
  config.local_listen = settings.address("local", "listen");
  config.limits.uploads_in_flight =
      static_cast<std::uint32_t>(settings.number("limits", "uploads_in_flight"));
  config.credit_bytes = static_cast<std::size_t>(settings.number("limits", "credit_bytes"));
  config.queue_bytes = static_cast<std::size_t>(settings.number("limits", "queue_bytes"));
  config.store_bytes = static_cast<std::uint64_t>(settings.number("limits", "store_bytes"));
  config.outbox_bytes = static_cast<std::uint64_t>(settings.number("limits", "outbox_bytes"));
  config.rule_bytes = static_cast<std::uint64_t>(settings.number("limits", "rule_bytes"));
  config.helper_enabled = settings.flag("helper", "enabled");
  config.helper_n_min = static_cast<std::uint32_t>(settings.number("helper", "n_min"));
  config.log_format = settings.text("log", "format");
  config.log_level = settings.text("log", "level");
  return config;
}

}  // namespace

std::variant<Config, service::Faults> read_config(
    const std::filesystem::path& file, const std::map<std::string, std::string>& environment) {
  auto read = service::read_settings(file, options(), prefix, environment);
  if (auto* faults = std::get_if<service::Faults>(&read)) return std::move(*faults);
  Config config = config_of(std::get<service::Settings>(read));
  service::Faults faults;
  if (config.name.empty() || config.name.size() > 64) {
    faults.push_back("gateway.name must have 1 to 64 bytes");
  }
  if (!config.broker_enabled && !config.helper_enabled) {
    faults.push_back("broker.enabled and helper.enabled are both false: nothing is left to do");
  }
  if (!config.coordinator_url.starts_with("https://")) {
    faults.push_back("coordinator.url must begin with https://, not '" + config.coordinator_url +
                     "'");
  }
  if (!faults.empty()) return faults;
  return config;
}

std::string describe_config() {
  return service::describe(options(), prefix);
}

}  // namespace tributary::gateway
