// Small files that are their owner's alone: keys, claims, the broker's psk and acl.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

namespace tributary::gateway::engine {

struct FileFault {
  std::string text;  // names the file and the remedy
};

// Refused when others may read it, when it is empty, or larger than 64 KiB.
std::variant<std::string, FileFault> read_private(const std::filesystem::path& file);
// Any file as it is; empty when there is none.
std::string read_whole(const std::filesystem::path& file);
// The old content or the new one, durable, mode 0600. A fault in words; empty: done.
std::string replace_private(const std::filesystem::path& file, std::string_view content);

}  // namespace tributary::gateway::engine
