// tributary device ..: devices by topic (PROTOCOL.md 11), as the plant engineer.
#include <boost/json.hpp>
#include <iostream>
#include <set>

#include "cloud/cli/commands.hpp"
#include "cloud/cli/files.hpp"
#include "cloud/cli/plant_broker.hpp"
#include "cloud/cli/printing.hpp"
#include "crypto/bytes.hpp"
#include "crypto/secret.hpp"

namespace tributary::cli {
namespace {

namespace json = boost::json;

constexpr std::string_view root = "tributary/v1/config/";

struct Options : PlantAccess {
  bool json = false;
  std::vector<std::string> subjects;  // devices; with `group`: groups
  bool group = false;
  std::vector<std::string> values;  // NAME=VALUE
};

std::shared_ptr<Options> add_plant(CLI::App& command) {
  auto options = std::make_shared<Options>();
  command.add_option("--broker", options->address, "HOST:PORT of the site's broker")
      ->envname("TRIBUTARY_BROKER")
      ->required();
  command
      .add_option("--psk-file", options->psk_file,
                  "operator.psk of the site, written by `tributary authority gateway`")
      ->envname("TRIBUTARY_BROKER_PSK_FILE")
      ->required();
  options->identity = "operator";
  command.add_option("--identity", options->identity, "viewer, with viewer.psk, only looks")
      ->capture_default_str();
  command.add_flag("--json", options->json, "Print JSON");
  return options;
}

// A document as the gateway published it, or nothing where it is none.
json::object object_of(const std::string& text) {
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  return error || !value.is_object() ? json::object{} : value.get_object();
}

std::string topic_of(const Options& options, const std::string& subject, const char* what) {
  return std::string(root) + (options.group ? "group/" : "device/") + subject + "/" + what;
}

// "device/<id>/<what>" of a topic below the root.
struct Place {
  std::string subject;
  std::string what;
};
std::optional<Place> place_of(const std::string& topic, const std::string& kind) {
  const std::string prefix = std::string(root) + kind + "/";
  const auto slash = topic.rfind('/');
  if (!topic.starts_with(prefix) || slash < prefix.size()) return std::nullopt;
  return Place{topic.substr(prefix.size(), slash - prefix.size()), topic.substr(slash + 1)};
}

std::map<std::string, json::object> documents(const PlantBroker::Topics& topics,
                                              const std::string& kind) {
  std::map<std::string, json::object> subjects;
  for (const auto& [topic, text] : topics) {
    const auto place = place_of(topic, kind);
    if (place && !text.empty()) subjects[place->subject][place->what] = object_of(text);
  }
  return subjects;
}

json::value member(const json::object& object, const char* document, const char* name) {
  const auto* inner = object.if_contains(document);
  const auto* value = inner != nullptr ? inner->get_object().if_contains(name) : nullptr;
  return value != nullptr ? *value : json::value();
}

void list(const Options& options) {
  PlantBroker broker(options);
  const std::string devices = std::string(root) + "device/+/";
  const auto topics =
      broker.retained({devices + "state", devices + "desired", devices + "reported"});
  json::array rows;
  for (const auto& [id, all] : documents(topics, "device")) {
    rows.push_back(json::object{{"device", id},
                                {"state", member(all, "state", "state")},
                                {"held_back", member(all, "state", "held_back")},
                                {"desired", member(all, "desired", "version")},
                                {"reported", member(all, "reported", "version")},
                                {"groups", member(all, "desired", "groups")},
                                {"firmware", member(all, "state", "firmware")}});
  }
  if (options.json) {
    std::cout << json::serialize(json::object{{"items", rows}}) << '\n';
  } else {
    print_table(rows,
                {"device", "state", "held_back", "desired", "reported", "groups", "firmware"});
  }
}

void show(const Options& options) {
  PlantBroker broker(options);
  const auto& subject = options.subjects.front();
  const auto topics = broker.retained({topic_of(options, subject, "+")});
  auto all = documents(topics, options.group ? "group" : "device");
  if (all.empty()) {
    throw CommandFault("nothing is known of '" + subject + "'; see: tributary device list");
  }
  if (options.json) {
    std::cout << json::serialize(all.begin()->second) << '\n';
  } else {
    print_object(all.begin()->second);
  }
}

// One subject after the other, so that each has its answer. Throws at the first that is refused.
void send(const Options& options, const json::object& patch) {
  PlantBroker broker(options);
  for (const auto& subject : options.subjects) {
    std::array<std::uint8_t, 8> random{};
    crypto::fill_random(random);
    const std::string request = to_hex(random);
    json::object payload = patch;
    payload["request"] = request;
    const auto answer =
        broker.ask(topic_of(options, subject, "set"), json::serialize(payload),
                   topic_of(options, subject, "answer"), [&](const std::string& text) {
                     const auto object = object_of(text);
                     const auto* named = object.if_contains("request");
                     return named != nullptr && *named == json::value(request);
                   });
    if (!answer) {
      throw CommandFault("no answer about '" + subject +
                         "' in 10 s; is the gateway running, and is this identity the operator's?");
    }
    const auto object = object_of(*answer);
    if (options.json) std::cout << *answer << '\n';
    if (object.contains("reason")) throw CommandFault(subject + ": " + cell(object, "reason"));
    if (!options.json) std::cout << subject << ": version " << cell(object, "version") << '\n';
  }
}

// VALUE as JSON where it is some, else as a text; nothing: the setting is taken away.
json::object patch_of(const std::vector<std::string>& values) {
  json::object patch;
  for (const auto& text : values) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw CommandFault("'" + text + "' is not NAME=VALUE", 2);
    }
    const std::string value = text.substr(equals + 1);
    boost::system::error_code error;
    auto parsed = json::parse(value, error);
    patch[text.substr(0, equals)] = value.empty() ? json::value()
                                    : error       ? json::value(value)
                                                  : std::move(parsed);
  }
  return patch;
}

void add_on_subjects(CLI::App& group, const std::string& name, const std::string& help,
                     json::object patch, bool groups_too) {
  auto* command = group.add_subcommand(name, help);
  auto options = add_plant(*command);
  command->add_option("DEVICE", options->subjects, "Hex ids; with --group names of groups")
      ->required();
  if (groups_too)
    command->add_flag("--group", options->group, "Names are of groups; \"all\" is one");
  command->callback([=] { send(*options, patch); });
}

void add_set(CLI::App& devices) {
  auto* command = devices.add_subcommand(
      "set", "Change settings: NAME=VALUE, or NAME= to take one away; names in PROTOCOL.md 11.1");
  auto options = add_plant(*command);
  auto subject = std::make_shared<std::string>();
  command->add_option("DEVICE", *subject, "Hex id; with --group a group's name")->required();
  command->add_option("VALUES", options->values, "NAME=VALUE")->required();
  command->add_flag("--group", options->group, "DEVICE names a group; \"all\" is one");
  command->callback([=] {
    options->subjects = {*subject};
    send(*options, patch_of(options->values));
  });
}

void add_show(CLI::App& devices) {
  auto* command = devices.add_subcommand("show", "What was asked of a device, and what it says");
  auto options = add_plant(*command);
  auto subject = std::make_shared<std::string>();
  command->add_option("DEVICE", *subject, "Hex id; with --group a group's name")->required();
  command->add_flag("--group", options->group, "DEVICE names a group");
  command->callback([=] {
    options->subjects = {*subject};
    show(*options);
  });
}

}  // namespace

void add_device_commands(CLI::App& program) {
  auto* devices = program.add_subcommand("device", "Devices of a site, by topic over its broker");
  devices->require_subcommand(1);
  auto* command = devices->add_subcommand("list", "All devices and their states");
  auto options = add_plant(*command);
  command->callback([options] { list(*options); });
  add_show(*devices);
  add_set(*devices);
  add_on_subjects(*devices, "pause", "Take part in no more rounds", {{"pause", true}}, true);
  add_on_subjects(*devices, "resume", "Take part again", {{"pause", nullptr}}, true);
  add_on_subjects(*devices, "forget", "Erase what was learned; keys and counters stay",
                  {{"forget", true}}, false);
  add_on_subjects(*devices, "revoke", "Count for nothing from now on, get in no more",
                  {{"revoked", true}}, false);
  add_on_subjects(*devices, "decommission", "Erase everything, then be revoked",
                  {{"decommission", true}}, false);
}

}  // namespace tributary::cli
