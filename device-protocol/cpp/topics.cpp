#include "device-protocol/cpp/topics.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tributary::wire {
namespace {

constexpr std::string_view device_root = "tributary/v1/device/";
constexpr std::string_view site_root = "tributary/v1/site/";
constexpr std::string_view up = "/up/";
constexpr std::array<std::pair<UpKind, std::string_view>, 10> up_names{{
    {UpKind::hello, "hello"},
    {UpKind::request, "request"},
    {UpKind::chunk, "chunk"},
    {UpKind::header, "header"},
    {UpKind::prekey, "prekey"},
    {UpKind::vow, "vow"},
    {UpKind::shares, "shares"},
    {UpKind::reveal, "reveal"},
    {UpKind::settings, "settings"},
    {UpKind::state, "state"},
}};

std::string_view name_of(DownKind kind) {
  switch (kind) {
    case DownKind::welcome:
      return "welcome";
    case DownKind::credit:
      return "credit";
    case DownKind::receipt:
      return "receipt";
    case DownKind::prekey:
      return "prekey";
    case DownKind::shares:
      return "shares";
    case DownKind::settings:
      return "settings";
    case DownKind::reject:
      break;
  }
  return "reject";
}

}  // namespace

std::optional<UpTopic> parse_up_topic(std::string_view topic) {
  constexpr std::size_t id_digits = 2 * DeviceId::size;
  if (!topic.starts_with(device_root)) return std::nullopt;
  topic.remove_prefix(device_root.size());
  const auto digits = topic.substr(0, id_digits);
  const auto device = DeviceId::from_hex(digits);
  // One device has one spelling, as the broker's access list compares text.
  if (!device || device->hex() != digits) return std::nullopt;
  topic.remove_prefix(id_digits);
  if (!topic.starts_with(up)) return std::nullopt;
  topic.remove_prefix(up.size());
  for (const auto& [kind, name] : up_names) {
    if (topic == name) return UpTopic{*device, kind};
  }
  return std::nullopt;
}

std::optional<SetTopic> parse_set_topic(std::string_view topic) {
  constexpr std::string_view tail = "/set";
  if (!topic.starts_with(config_root) || !topic.ends_with(tail)) return std::nullopt;
  topic.remove_prefix(config_root.size());
  topic.remove_suffix(std::min(tail.size(), topic.size()));
  const auto slash = topic.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto name = topic.substr(slash + 1);
  if (topic.substr(0, slash) == "device") {
    const auto device = DeviceId::from_hex(name);
    if (!device || device->hex() != name) return std::nullopt;
    return SetTopic(*device);
  }
  if (topic.substr(0, slash) != "group" || name.empty() || name.size() > 32) return std::nullopt;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')) {
      return std::nullopt;
    }
  }
  return SetTopic(std::string(name));
}

namespace {
constexpr std::string_view claim_root = "tributary/v1/claim/claim-";
}

std::optional<DeviceId> parse_claim_topic(std::string_view topic) {
  constexpr std::string_view tail = "/up";
  if (!topic.starts_with(claim_root) || !topic.ends_with(tail)) return std::nullopt;
  topic.remove_prefix(claim_root.size());
  topic.remove_suffix(std::min(tail.size(), topic.size()));
  const auto device = DeviceId::from_hex(topic);
  return device && device->hex() == topic ? device : std::nullopt;
}

std::string claim_answer_topic(const DeviceId& device) {
  return std::string(claim_root) + device.hex() + "/down";
}

std::string up_topic(const DeviceId& device, UpKind kind) {
  std::string topic = std::string(device_root) + device.hex() + std::string(up);
  for (const auto& [known, name] : up_names) {
    if (known == kind) topic += name;
  }
  return topic;
}

std::string down_topic(const DeviceId& device, DownKind kind) {
  return std::string(device_root) + device.hex() + "/down/" + std::string(name_of(kind));
}

std::string offer_topic(const TaskId& task) {
  return std::string(site_root) + "offer/" + task.hex();
}

std::string model_topic(const Hash& model_hash, std::uint32_t index) {
  return std::string(site_root) + "model/" + model_hash.hex() + "/" + std::to_string(index);
}

std::string group_topic(const TaskId& task) {
  return std::string(site_root) + "group/" + task.hex();
}

std::string member_topic(const Hash& group_hash, std::uint32_t index) {
  return std::string(site_root) + "member/" + group_hash.hex() + "/" + std::to_string(index);
}

std::string head_topic(const Hash& group_hash, std::uint32_t slot, std::uint32_t index) {
  return std::string(site_root) + "head/" + group_hash.hex() + "/" + std::to_string(slot) + "/" +
         std::to_string(index);
}

std::string closing_topic(const TaskId& task) {
  return std::string(site_root) + "closing/" + task.hex();
}

std::string vow_topic(const Hash& ctx_hash, std::uint32_t index) {
  return std::string(site_root) + "vow/" + ctx_hash.hex() + "/" + std::to_string(index);
}

}  // namespace tributary::wire
