#include "gateway/engine/steering_desk.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "device-protocol/cpp/signed.hpp"

namespace tributary::gateway::engine {
namespace {

namespace json = boost::json;
using steering::Document;
using steering::Patch;

constexpr std::string_view device_prefix = "device/";
constexpr std::string_view group_prefix = "group/";
constexpr std::size_t most_groups_of_a_site = 256;
// Versions are not older than the clock, so that they go on when the database was lost. No true one is
// further ahead of it.
constexpr std::uint64_t furthest_ahead = std::uint64_t{10} * 365 * 86400;

std::string subject_of(const DeviceId& device) {
  return std::string(device_prefix) + device.hex();
}

std::string config_topic(const std::string& subject, const char* what) {
  return std::string(wire::config_root) + subject + "/" + what;
}

// Of an enumeration's name in the schema: "LIFE_READY" -> "ready".
std::string word(std::string name, std::size_t prefix) {
  name.erase(0, std::min(prefix, name.size()));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

std::string printable(const std::string& text) {
  std::string result;
  for (const char c : text) result += c >= ' ' && c <= '~' ? c : '?';
  return result;
}

json::object answer_of(bool accepted, const std::string& request, std::int64_t now) {
  json::object answer{{"accepted", accepted}, {"at", now}};
  if (!request.empty()) answer.emplace("request", request);
  return answer;
}

std::string request_of(const std::variant<Patch, steering::Refused>& parsed) {
  if (const auto* patch = std::get_if<Patch>(&parsed)) return patch->request;
  return std::get<steering::Refused>(parsed).request;
}

}  // namespace

SteeringDesk::Kept SteeringDesk::read(const std::vector<StoredSteering>& rows) {
  Kept kept;
  for (const auto& [subject, content] : rows) {
    auto document = steering::read_document(content);
    const auto device = subject.starts_with(device_prefix)
                            ? DeviceId::from_hex(subject.substr(device_prefix.size()))
                            : std::nullopt;
    if (!document || (!device && !subject.starts_with(group_prefix))) {
      throw storage::Failure(storage::FailureKind::corrupt,
                             "gateway.db: steering of '" + subject + "' makes no sense");
    }
    if (device) {
      kept.devices.emplace(*device, std::move(*document));
    } else {
      kept.groups.emplace(subject.substr(group_prefix.size()), std::move(*document));
    }
  }
  return kept;
}

SteeringDesk::SteeringDesk(Surroundings surroundings, Kept kept)
    : around_(std::move(surroundings)), kept_(std::move(kept)) {
  for (const auto& [device, document] : kept_.devices)
    newest_ = std::max(newest_, document.version);
  for (const auto& [name, document] : kept_.groups) newest_ = std::max(newest_, document.version);
}

std::int64_t SteeringDesk::now() const {
  return around_.clock.wall().time_since_epoch().count();
}

std::uint64_t SteeringDesk::next_version() {
  newest_ = std::max(newest_ + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(now(), 1)));
  return newest_;
}

const Document& SteeringDesk::own(const DeviceId& device) const {
  static const Document none;
  const auto at = kept_.devices.find(device);
  return at == kept_.devices.end() ? none : at->second;
}

void SteeringDesk::listed_changed() {
  for (const auto& [name, document] : kept_.groups) {
    around_.retained.post(config_topic(std::string(group_prefix) + name, "desired"),
                          steering::group_text(document));
  }
  for (const auto& device : around_.members.listed()) {
    show(device);
    if (!states_.contains(device)) show_state(device, R"({"state":"unknown"})");
  }
  for (const auto& device : around_.members.revoked()) {
    show_state(device, R"({"state":"revoked"})");
  }
}

void SteeringDesk::revoked(const DeviceId& device) {
  states_.erase(device);
  for (const char* what : {"desired", "reported", "answer"}) {
    around_.retained.clear(config_topic(subject_of(device), what));
  }
  around_.retained.clear(wire::down_topic(device, wire::DownKind::settings));
  show_state(device, R"({"state":"revoked"})");
}

// ---- from people

void SteeringDesk::set(const wire::SetTopic& topic, std::string_view payload) {
  const auto* device = std::get_if<DeviceId>(&topic);
  const std::string subject = device != nullptr
                                  ? subject_of(*device)
                                  : std::string(group_prefix) + std::get<std::string>(topic);
  auto parsed = steering::parse_patch(
      payload, device != nullptr ? steering::Subject::device : steering::Subject::group);
  if (device != nullptr && !around_.members.listed().contains(*device)) {
    return refuse(subject, {"not enrolled here", request_of(parsed)});
  }
  if (const auto* refused = std::get_if<steering::Refused>(&parsed)) {
    return refuse(subject, *refused);
  }
  const auto& patch = std::get<Patch>(parsed);
  if (device != nullptr) return set_device(*device, patch);
  set_group(std::get<std::string>(topic), patch);
}

void SteeringDesk::refuse(const std::string& subject, const steering::Refused& refused) {
  around_.log(Severity::warning, "settings_refused",
              {{"subject", subject}, {"reason", refused.reason}});
  auto answer = answer_of(false, refused.request, now());
  answer.emplace("reason", refused.reason);
  const auto topic = config_topic(subject, "answer");
  // Only what exists keeps an answer: names that do not must not fill the broker.
  if (around_.retained.holds(config_topic(subject, "desired"))) {
    around_.retained.post(topic, json::serialize(answer));
  } else {
    around_.say(topic, json::serialize(answer));
  }
}

void SteeringDesk::set_device(const DeviceId& device, const Patch& patch) {
  keep(device, steering::patched(own(device), patch, next_version()), patch.request);
  if (patch.revoked) around_.revoke(device);
}

void SteeringDesk::keep(const DeviceId& device, Document document, const std::string& request) {
  kept_.devices[device] = document;
  auto answer = answer_of(true, request, now());
  answer.emplace("version", document.version);
  around_.writer.commit(
      [subject = subject_of(device), content = steering::kept_text(document)](Store& store) {
        store.put_steering({subject, content});
      },
      [this, device, text = json::serialize(answer)] {
        const auto topic = config_topic(subject_of(device), "answer");
        if (!around_.members.listed().contains(device)) return around_.say(topic, text);  // revoked
        show(device);
        around_.retained.post(topic, text);
      });
}

void SteeringDesk::set_group(const std::string& name, const Patch& patch) {
  if (!kept_.groups.contains(name) && kept_.groups.size() >= most_groups_of_a_site) {
    return refuse(std::string(group_prefix) + name, {"too many groups at this site", {}});
  }
  const auto document = steering::patched(kept_.groups[name], patch, next_version());
  kept_.groups[name] = document;
  auto answer = answer_of(true, patch.request, now());
  answer.emplace("version", document.version);
  const std::string subject = std::string(group_prefix) + name;
  around_.writer.commit(
      [subject, content = steering::kept_text(document)](Store& store) {
        store.put_steering({subject, content});
      },
      [this, name, subject, document, text = json::serialize(answer)] {
        around_.retained.post(config_topic(subject, "desired"), steering::group_text(document));
        for (const auto& device : around_.members.listed()) {
          if (steering::follows(own(device), name)) show(device);
        }
        around_.retained.post(config_topic(subject, "answer"), text);
      });
}

// What the device is to work with, signed, and what people see of it.
void SteeringDesk::show(const DeviceId& device) {
  const Document& document = own(device);
  const auto effective = steering::resolve(kept_.groups, document);
  if (effective.version == 0) return;
  v1::Settings settings;
  settings.set_device_id(device.raw());
  settings.set_version(effective.version);
  settings.set_forget(document.forget);
  settings.set_decommission(document.decommission);
  steering::fill(settings, effective.settings);
  const auto message =
      wire::sign_body("settings", settings.SerializeAsString(), around_.identity.key);
  around_.retained.post(wire::down_topic(device, wire::DownKind::settings),
                        message.SerializeAsString());
  around_.retained.post(config_topic(subject_of(device), "desired"),
                        steering::desired_text(document, effective));
}

// ---- from devices

bool SteeringDesk::report(const DeviceId& device, std::string_view payload) {
  v1::SettingsReport report;
  if (!report.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return false;
  json::object shown{{"version", report.version()}, {"boot", to_hex(view_of(report.boot_id()))}};
  if (report.rejected_version() != 0) {
    shown.emplace("rejected",
                  json::object{{"version", report.rejected_version()},
                               {"setting", steering::setting_of_field(report.rejected_field())},
                               {"reason", word(v1::SettingsFault_Name(report.reason()), 9)}});
  }
  around_.retained.post(config_topic(subject_of(device), "reported"), json::serialize(shown));
  const auto known = steering::resolve(kept_.groups, own(device)).version;
  const auto limit = static_cast<std::uint64_t>(std::max<std::int64_t>(now(), 0)) + furthest_ahead;
  if (report.version() > known && report.version() < limit) {
    // This gateway has forgotten what it once said, and goes on from there.
    newest_ = std::max(newest_, report.version());
    auto document = own(device);
    document.version = next_version();
    keep(device, std::move(document), {});
  }
  return true;
}

bool SteeringDesk::state(const DeviceId& device, std::string_view payload) {
  v1::DeviceState state;
  if (!state.ParseFromArray(payload.data(), static_cast<int>(payload.size())) ||
      !v1::LifeState_IsValid(state.state()) || !v1::HeldBack_IsValid(state.held_back()) ||
      state.firmware().size() > 31 || state.boot_id().size() != 8) {
    return false;
  }
  const auto known = states_.find(device);
  // The will of an earlier connection may come after the next one's birth.
  if (state.state() == v1::LIFE_LOST && known != states_.end() &&
      (known->second.boot_id() != state.boot_id() || known->second.session() != state.session())) {
    return true;
  }
  if (state.firmware().empty() && known != states_.end()) {
    state.set_firmware(known->second.firmware());
  }
  states_[device] = state;
  show_state(device, json::serialize(
                         json::object{{"state", word(v1::LifeState_Name(state.state()), 5)},
                                      {"boot", to_hex(view_of(state.boot_id()))},
                                      {"session", state.session()},
                                      {"firmware", printable(state.firmware())},
                                      {"held_back", word(v1::HeldBack_Name(state.held_back()), 10)},
                                      {"since", now()}}));
  if (state.state() == v1::LIFE_DECOMMISSIONED && own(device).decommission) {
    around_.revoke(device);
  }
  return true;
}

void SteeringDesk::show_state(const DeviceId& device, const std::string& text) {
  around_.retained.post(config_topic(subject_of(device), "state"), text);
}

}  // namespace tributary::gateway::engine
