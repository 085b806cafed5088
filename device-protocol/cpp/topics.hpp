// The topics of PROTOCOL.md 2, built and taken apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "crypto/bytes.hpp"

namespace tributary::wire {

enum class UpKind { hello, request, chunk, header, prekey, vow, shares, reveal, settings, state };
enum class DownKind { welcome, credit, receipt, reject, prekey, shares, settings };

// A topic a device published to. The device is proven by the broker's access list.
struct UpTopic {
  DeviceId device;
  UpKind kind;
  bool operator==(const UpTopic&) const = default;
};

// What a gateway subscribes to: every UpTopic of every device.
constexpr std::string_view up_filter = "tributary/v1/device/+/up/+";
// What people set (PROTOCOL.md 11): of a device, or of a group by its name.
constexpr std::string_view config_root = "tributary/v1/config/";
constexpr std::string_view set_filter = "tributary/v1/config/+/+/set";
using SetTopic = std::variant<DeviceId, std::string>;
constexpr std::string_view site_keys_topic = "tributary/v1/site/keys";

// nullopt: another topic, upper-case hex, or a longer one.
std::optional<UpTopic> parse_up_topic(std::string_view topic);
// A claiming device's (PROTOCOL.md 12); the broker proves that it has that device's claim.
constexpr std::string_view claim_filter = "tributary/v1/claim/+/up";
std::optional<DeviceId> parse_claim_topic(std::string_view topic);
std::string claim_answer_topic(const DeviceId& device);

// nullopt: another topic, or no name of a group.
std::optional<SetTopic> parse_set_topic(std::string_view topic);
std::string up_topic(const DeviceId& device, UpKind kind);
std::string down_topic(const DeviceId& device, DownKind kind);
std::string offer_topic(const TaskId& task);
std::string model_topic(const Hash& model_hash, std::uint32_t index);

// Mode pairwise.
std::string group_topic(const TaskId& task);
std::string member_topic(const Hash& group_hash, std::uint32_t index);
std::string head_topic(const Hash& group_hash, std::uint32_t slot, std::uint32_t index);
std::string closing_topic(const TaskId& task);
std::string vow_topic(const Hash& ctx_hash, std::uint32_t index);

}  // namespace tributary::wire
