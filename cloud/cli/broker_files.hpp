// Configuration of a site's Mosquitto, from the templates in deploy/mosquitto.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace tributary::cli {

struct BrokerFiles {
  std::string configuration;
  std::string access_list;
};
// `folder`: absolute, where psk and acl lie. A `host` that is loopback makes the broker listen there only.
BrokerFiles broker_files(const std::filesystem::path& folder, const std::string& host,
                         std::uint16_t port);

}  // namespace tributary::cli
