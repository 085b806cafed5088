#include "gateway/steering/document.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace tributary::gateway::steering {
namespace {

namespace json = boost::json;

constexpr std::size_t most_request = 64;

std::string_view text_of(const json::string& text) {
  return {text.data(), text.size()};
}

std::string_view name_of(const json::key_value_pair& member) {
  return {member.key().data(), member.key().size()};
}

json::object object_of(const Values& values) {
  json::object object;
  for (const auto& [name, value] : values) object.emplace(name, value);
  return object;
}

json::array array_of(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.emplace_back(text);
  return array;
}

// Groups in their order, each once; a reason when they are not.
std::variant<std::vector<std::string>, std::string> groups_of(const json::value& value) {
  const std::string expected = "groups is not a list of at most " + std::to_string(most_groups) +
                               " names of 1 to 32 letters, digits and '-'";
  std::vector<std::string> names;
  if (value.is_null()) return names;
  if (!value.is_array() || value.get_array().size() > most_groups) return expected;
  for (const auto& item : value.get_array()) {
    if (!item.is_string() || !is_group_name(text_of(item.get_string()))) return expected;
    std::string name(text_of(item.get_string()));
    if (name == all_devices) return std::string("groups: every device is in \"all\" anyway");
    if (std::ranges::find(names, name) != names.end()) return "groups: " + name + " twice";
    names.push_back(std::move(name));
  }
  return names;
}

// One of the members that only a device's document has. nullopt: it is another.
std::optional<std::string> take_special(Patch& patch, std::string_view name,
                                        const json::value& value) {
  bool Patch::*flag = name == "forget"         ? &Patch::forget
                      : name == "decommission" ? &Patch::decommission
                      : name == "revoked"      ? &Patch::revoked
                                               : nullptr;
  if (flag != nullptr) {
    if (!value.is_bool() || !value.get_bool()) {
      return std::string(name) + " can only be true: it is not taken back by topic";
    }
    patch.*flag = true;
    return std::string();
  }
  if (name != "groups") return std::nullopt;
  auto groups = groups_of(value);
  if (auto* reason = std::get_if<std::string>(&groups)) return std::move(*reason);
  patch.groups = std::move(std::get<std::vector<std::string>>(groups));
  return std::string();
}

// Why the member is refused; empty: it is in the patch.
std::string take(Patch& patch, std::string_view name, const json::value& value, Subject subject) {
  if (name == "request") return {};
  if (auto reason = take_special(patch, name, value)) {
    if (subject == Subject::group) return std::string(name) + " is for single devices";
    return std::move(*reason);
  }
  if (!is_setting(name)) return std::string(name.substr(0, 40)) + " is no setting";
  if (value.is_null()) {
    patch.settings.insert_or_assign(std::string(name), std::nullopt);
    return {};
  }
  auto reason = fault_of(name, value);
  if (reason.empty()) patch.settings.insert_or_assign(std::string(name), value);
  return reason;
}

std::string request_of(const json::object& object) {
  const auto* request = object.if_contains("request");
  if (request == nullptr || !request->is_string()) return {};
  return std::string(text_of(request->get_string()).substr(0, most_request));
}

}  // namespace

bool is_group_name(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::variant<Patch, Refused> parse_patch(std::string_view payload, Subject subject) {
  if (payload.size() > most_payload) {
    return Refused{"more than " + std::to_string(most_payload) + " bytes", {}};
  }
  boost::system::error_code error;
  const auto value = json::parse(json::string_view(payload.data(), payload.size()), error);
  if (error || !value.is_object()) {
    return Refused{"not a JSON object" + (error ? ": " + error.message() : std::string()), {}};
  }
  const auto& object = value.get_object();
  Patch patch;
  patch.request = request_of(object);
  for (const auto& member : object) {
    auto reason = take(patch, name_of(member), member.value(), subject);
    if (!reason.empty()) return Refused{std::move(reason), patch.request};
  }
  return patch;
}

Document patched(Document document, const Patch& patch, std::uint64_t version) {
  document.version = version;
  for (const auto& [name, value] : patch.settings) {
    if (value) {
      document.settings.insert_or_assign(name, *value);
    } else {
      document.settings.erase(name);
    }
  }
  if (patch.groups) document.groups = *patch.groups;
  if (patch.forget) ++document.forget;
  document.decommission = document.decommission || patch.decommission;
  return document;
}

bool follows(const Document& own, std::string_view group) {
  return group == all_devices || std::ranges::find(own.groups, group) != own.groups.end();
}

Effective resolve(const Groups& groups, const Document& own) {
  Effective effective;
  const auto add = [&](const Document& document) {
    effective.version = std::max(effective.version, document.version);
    for (const auto& [name, value] : document.settings) {
      effective.settings.insert_or_assign(name, value);
    }
  };
  const auto add_group = [&](std::string_view name) {
    if (const auto group = groups.find(name); group != groups.end()) add(group->second);
  };
  add_group(all_devices);
  for (const auto& name : own.groups) add_group(name);
  add(own);
  return effective;
}

std::string kept_text(const Document& document) {
  return json::serialize(json::object{{"version", document.version},
                                      {"settings", object_of(document.settings)},
                                      {"groups", array_of(document.groups)},
                                      {"forget", document.forget},
                                      {"decommission", document.decommission}});
}

std::optional<Document> read_document(std::string_view kept) {
  boost::system::error_code error;
  const auto value = json::parse(json::string_view(kept.data(), kept.size()), error);
  if (error || !value.is_object()) return std::nullopt;
  const auto& object = value.get_object();
  Document document;
  try {
    document.version = object.at("version").to_number<std::uint64_t>();
    document.forget = object.at("forget").to_number<std::uint32_t>();
    document.decommission = object.at("decommission").as_bool();
    for (const auto& member : object.at("settings").as_object()) {
      if (!fault_of(name_of(member), member.value()).empty()) return std::nullopt;
      document.settings.emplace(name_of(member), member.value());
    }
    auto groups = groups_of(object.at("groups"));
    if (std::holds_alternative<std::string>(groups)) return std::nullopt;
    document.groups = std::move(std::get<std::vector<std::string>>(groups));
  } catch (const std::exception&) {
    return std::nullopt;  // a member is missing or of another kind
  }
  return document;
}

std::string desired_text(const Document& document, const Effective& effective) {
  json::object object{{"version", effective.version},
                      {"settings", object_of(document.settings)},
                      {"groups", array_of(document.groups)},
                      {"effective", object_of(effective.settings)}};
  if (document.forget > 0) object.emplace("forget", document.forget);
  if (document.decommission) object.emplace("decommission", true);
  return json::serialize(object);
}

std::string group_text(const Document& document) {
  return json::serialize(
      json::object{{"version", document.version}, {"settings", object_of(document.settings)}});
}

}  // namespace tributary::gateway::steering
