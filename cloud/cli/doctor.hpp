// Looks at what a gateway or an operator depends on, and says what to do about what is wrong.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tributary::cli {

enum class Health { ok, warn, fail };

struct Finding {
  Health health;
  std::string subject;  // "broker", "certificate", "clock", "disk", "coordinator"
  std::string text;     // what was found and, unless ok, the remedy
};

// `gateway_config`: TOML of the gateway.
std::vector<Finding> examine_gateway(const std::filesystem::path& gateway_config);
// The admin plane, as the operator reaches it.
std::vector<Finding> examine_coordinator(const std::string& url, const std::string& ca,
                                         const std::string& token_file);

}  // namespace tributary::cli
