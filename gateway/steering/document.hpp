// What people asked of a device or a group of them, and how a partial update changes it. Pure: versions and
// everything else that varies is given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gateway/steering/settings.hpp"

namespace tributary::gateway::steering {

inline constexpr std::size_t most_payload = 4096;
inline constexpr std::size_t most_groups = 8;
inline constexpr std::string_view all_devices = "all";  // the group every device is in

// 1 to 32 letters, digits and '-'.
bool is_group_name(std::string_view name);

// Kept for a device, or for a group, which has settings alone.
struct Document {
  std::uint64_t version = 0;  // of the site's one sequence; 0: nobody asked for anything
  Values settings;
  std::vector<std::string> groups;
  std::uint32_t forget = 0;
  bool decommission = false;
};

// A valid `set`.
struct Patch {
  std::map<std::string, std::optional<boost::json::value>, std::less<>> settings;
  std::optional<std::vector<std::string>> groups;
  bool forget = false;
  bool decommission = false;
  bool revoked = false;
  std::string request;  // to come back in the answer
};

enum class Subject { device, group };
struct Refused {
  std::string reason;
  std::string request;  // where it could be read
};
std::variant<Patch, Refused> parse_patch(std::string_view payload, Subject subject);

// `version` is greater than the document's.
Document patched(Document document, const Patch& patch, std::uint64_t version);

// By name, for resolve(); a group without a document has no settings.
using Groups = std::map<std::string, Document, std::less<>>;

// The settings a device works with: those of all devices, of its groups in their order, its own.
struct Effective {
  std::uint64_t version = 0;  // of the newest document it follows from
  Values settings;
};
Effective resolve(const Groups& groups, const Document& own);
bool follows(const Document& own,
             std::string_view group);  // whether the group's settings count for it

// What is kept, and what is shown as `desired`; the kept text is one that read_document takes back.
std::string kept_text(const Document& document);
std::optional<Document> read_document(std::string_view kept);
std::string desired_text(const Document& document, const Effective& effective);
std::string group_text(const Document& document);

}  // namespace tributary::gateway::steering
