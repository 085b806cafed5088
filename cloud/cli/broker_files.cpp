#include "cloud/cli/broker_files.hpp"

#include <pwd.h>
#include <unistd.h>

#include <string_view>

#include "broker_templates.hpp"

namespace tributary::cli {
namespace {

std::string replaced(std::string text, std::string_view mark, const std::string& value) {
  for (auto at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + value.size())) {
    text.replace(at, mark.size(), value);
  }
  return text;
}

// Mosquitto started as root changes to a user of its own, which could not read the secrets beside it.
std::string own_user() {
  const passwd* entry = getpwuid(geteuid());
  return entry != nullptr ? entry->pw_name : "mosquitto";
}

}  // namespace

BrokerFiles broker_files(const std::filesystem::path& folder, const std::string& host,
                         std::uint16_t port) {
  const bool loopback = host == "localhost" || host == "127.0.0.1" || host == "::1";
  std::string configuration = replaced(templates::mosquitto_conf, "@PORT@", std::to_string(port));
  configuration = replaced(configuration, "@BIND@", loopback ? " 127.0.0.1" : "");
  configuration = replaced(configuration, "@FOLDER@", folder.string());
  configuration = replaced(configuration, "@USER@", own_user());
  return {configuration, templates::acl};
}

}  // namespace tributary::cli
