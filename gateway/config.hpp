// The gateway's configuration: cloud/api/README.md, "Gateway configuration".
#pragma once

#include "cloud/service/settings.hpp"
#include "gateway/round/plan.hpp"

namespace tributary::gateway {

struct Config {
  std::string name;
  std::filesystem::path credentials;
  std::filesystem::path state;
  bool broker_enabled;  // false: only the helper role
  std::string broker_host;
  std::uint16_t broker_port;
  std::string coordinator_url;
  service::Address local_listen;
  round::Limits limits;
  std::size_t credit_bytes;
  std::size_t queue_bytes;
  std::uint64_t store_bytes;
  std::uint64_t rule_bytes;
  std::uint64_t outbox_bytes;
  bool helper_enabled;
  std::uint32_t helper_n_min;
  std::string log_format;
  std::string log_level;
};

// From a TOML file and the environment (TRIBUTARY_GATEWAY_<SECTION>_<KEY>).
std::variant<Config, service::Faults> read_config(
    const std::filesystem::path& file, const std::map<std::string, std::string>& environment);
// Every option with its default and its help.
std::string describe_config();

}  // namespace tributary::gateway
