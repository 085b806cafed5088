#include "gateway/engine/enrolment_desk.hpp"

#include <csignal>

#include "broker_acl.hpp"
#include "device-protocol/cpp/claimed_key.hpp"
#include "device-protocol/cpp/topics.hpp"
#include "gateway/engine/private_file.hpp"

namespace tributary::gateway::engine {
namespace {

namespace fs = std::filesystem;
using enrolment::BrokerKey;
using enrolment::BrokerNames;

constexpr std::chrono::milliseconds until_reload{300};  // the broker has read its files by then
constexpr std::chrono::seconds until_closed{5};
constexpr std::chrono::seconds between_reloads{1};

BrokerKey random_key() {
  std::array<std::uint8_t, BrokerKey::size> bytes{};
  crypto::fill_random(bytes);
  auto key = *BrokerKey::from(ByteView(bytes));
  crypto::wipe(bytes);
  return key;
}

// Devices that have a file of this extension.
std::set<DeviceId> devices_in(const fs::path& folder, std::string_view extension) {
  std::set<DeviceId> devices;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != extension) continue;
    if (const auto id = DeviceId::from_hex(entry.path().stem().string())) devices.insert(*id);
  }
  return devices;
}

// The broker, when its process is what its pid file says.
pid_t broker_process(const fs::path& folder) {
  const auto text = read_whole(folder / "mosquitto.pid");
  const auto pid = static_cast<pid_t>(std::strtol(text.c_str(), nullptr, 10));
  if (pid <= 1) return 0;
  const auto name = read_whole("/proc/" + std::to_string(pid) + "/comm");
  return name == "mosquitto\n" ? pid : 0;
}

}  // namespace

EnrolmentDesk::EnrolmentDesk(Surroundings surroundings, fs::path credentials)
    : around_(std::move(surroundings)),
      folder_(std::move(credentials)),
      broker_(folder_ / "broker"),
      enabled_(!folder_.empty() && fs::is_directory(broker_)) {
  if (!enabled_) return;
  fs::create_directories(folder_ / "claims");
  fs::permissions(folder_ / "claims", fs::perms::owner_all);
}

fs::path EnrolmentDesk::claim_file(const DeviceId& device, const char* extension) const {
  return folder_ / "claims" / (device.hex() + extension);
}

void EnrolmentDesk::complain(const std::string& text) {
  if (fault_.find(text) != std::string::npos) return;
  fault_ += text + "\n";
  around_.log(Severity::error, "broker_file_refused", {{"reason", text}});
}

std::optional<BrokerKey> EnrolmentDesk::key_in(const fs::path& file) {
  auto content = read_private(file);
  if (const auto* fault = std::get_if<FileFault>(&content)) {
    complain(fault->text);
    return std::nullopt;
  }
  auto key = enrolment::read_key(std::get<std::string>(content));
  if (!key) complain(file.string() + ": is not a key of 64 hexadecimal digits");
  return key;
}

// From its own file; else, once, from its claim, or from a psk file of before there were such files.
std::optional<BrokerKey> EnrolmentDesk::device_key(const DeviceId& device,
                                                   const std::map<DeviceId, BrokerKey>& older) {
  const auto file = folder_ / "devices" / (device.hex() + ".psk");
  if (fs::exists(file)) return key_in(file);
  std::optional<BrokerKey> key;
  const auto secret = claims_.find(device);
  const auto request = read_whole(claim_file(device, ".pending"));
  if (secret != claims_.end() && !request.empty()) {
    if (const auto claimed = wire::claimed_key(device, request)) {
      key = enrolment::broker_key(secret->second, device, *claimed);
    }
  } else if (const auto known = older.find(device); known != older.end()) {
    key = known->second.clone();
  }
  if (!key) return std::nullopt;
  const auto fault = replace_private(file, to_hex(key->expose()) + "\n");
  if (!fault.empty()) complain(fault);
  return key;
}

// nullopt: the gateway itself could not connect with what there is.
std::optional<BrokerNames> EnrolmentDesk::names() {
  BrokerNames names;
  for (const std::string person : {"gateway", "operator", "viewer"}) {
    if (person != "gateway" && !fs::exists(folder_ / (person + ".psk"))) continue;
    auto key = key_in(folder_ / (person + ".psk"));
    if (key) names.people.emplace(person, std::move(*key));
  }
  if (!names.people.contains("gateway")) return std::nullopt;
  names.revoked = around_.members.revoked();
  claims_.clear();
  for (const auto& device : devices_in(folder_ / "claims", ".claim")) {
    if (names.revoked.contains(device)) continue;
    if (auto secret = key_in(claim_file(device, ".claim"))) {
      names.claims.emplace(device, secret->clone());
      claims_.emplace(device, std::move(*secret));
    }
  }
  const auto older = enrolment::keys_in(read_whole(broker_ / "psk"));
  for (const auto& device : around_.members.listed()) {
    if (auto key = device_key(device, older)) names.devices.emplace(device, std::move(*key));
  }
  for (const auto& [device, closing] : closing_) names.closing.emplace(device, closing.key.clone());
  return names;
}

void EnrolmentDesk::refresh() {
  if (!enabled_) return;
  fault_.clear();
  std::error_code error;
  claims_at_ = fs::last_write_time(folder_ / "claims", error);
  const auto all = names();
  if (!all) return;  // the last good files stay
  if (write(*all)) {
    reload_due_ = true;
    reload();
  }
}

// True: something is other than before. The access list goes first: it is the one that shuts out.
bool EnrolmentDesk::write(const BrokerNames& names) {
  const auto acl = enrolment::acl_text(shipped_acl, names);
  if (!acl) {
    complain("the access list that is built in lets the gateway do nothing");
    return false;
  }
  const auto psk = enrolment::psk_text(names);
  bool changed = false;
  for (const auto& [file, text] : {std::pair<fs::path, const std::string&>{broker_ / "acl", *acl},
                                   std::pair<fs::path, const std::string&>{broker_ / "psk", psk}}) {
    if (read_whole(file) == text) continue;
    const auto fault = replace_private(file, text);
    if (!fault.empty()) complain(fault);
    changed = changed || fault.empty();
  }
  return changed;
}

void EnrolmentDesk::reload() {
  reload_at_ = around_.clock.monotonic();
  const auto pid = broker_process(broker_);
  if (pid != 0 && ::kill(pid, SIGHUP) == 0) {
    reload_due_ = false;
    told_no_broker_ = false;
    return;
  }
  if (std::exchange(told_no_broker_, true)) return;
  around_.log(Severity::warning, "broker_not_reloaded",
              {{"pid_file", (broker_ / "mosquitto.pid").string()},
               {"remedy",
                "start Mosquitto with the broker/mosquitto.conf beside it, as the same "
                "user as the gateway"}});
}

void EnrolmentDesk::revoked(const DeviceId& device) {
  if (!enabled_) return;
  closing_.insert_or_assign(device, Closing{random_key(), around_.clock.monotonic(), false});
  std::error_code ignored;
  for (const auto& file : {folder_ / "devices" / (device.hex() + ".psk"),
                           claim_file(device, ".claim"), claim_file(device, ".pending")}) {
    fs::remove(file, ignored);
  }
}

void EnrolmentDesk::claim(const DeviceId& device, std::string_view payload) {
  if (!enabled_ || !rate_.take(device, around_.clock.monotonic())) return;
  enrolment::Standing standing;
  standing.revoked = around_.members.revoked().contains(device);
  const auto secret = claims_.find(device);
  if (secret != claims_.end()) standing.claim_secret = &secret->second;
  auto pending = read_whole(claim_file(device, ".pending"));
  if (!pending.empty()) standing.pending = std::move(pending);
  if (around_.members.listed().contains(device)) {
    standing.certificate = read_whole(folder_ / "devices" / (device.hex() + ".cert"));
  }
  auto judged = enrolment::judge(device, payload, standing);
  if (judged.keep) {
    const auto fault = replace_private(claim_file(device, ".pending"), *judged.keep);
    if (!fault.empty()) return complain(fault);  // the device asks again
    around_.log(Severity::info, "device_pending",
                {{"device", device.hex()}, {"next", "tributary authority approve"}});
  }
  if (judged.answer.state() == v1::CLAIM_REFUSED) {
    around_.log(
        Severity::warning, "claim_refused",
        {{"device", device.hex()}, {"reason", v1::ClaimRefusal_Name(judged.answer.reason())}});
  }
  around_.say(wire::claim_answer_topic(device), judged.answer.SerializeAsString());
}

void EnrolmentDesk::joined(const DeviceId& device) {
  if (!enabled_ || claims_.erase(device) == 0) return;
  std::error_code ignored;
  fs::remove(claim_file(device, ".claim"), ignored);
  fs::remove(claim_file(device, ".pending"), ignored);
  around_.log(Severity::info, "device_active", {{"device", device.hex()}});
  refresh();
}

void EnrolmentDesk::tick() {
  if (!enabled_) return;
  const auto now = around_.clock.monotonic();
  std::error_code error;
  if (fs::last_write_time(folder_ / "claims", error) != claims_at_) refresh();
  if (reload_due_ && now - reload_at_ >= between_reloads) reload();
  bool closed = false;
  for (auto at = closing_.begin(); at != closing_.end();) {
    auto& [device, closing] = *at;
    if (!closing.asked && now - closing.since >= until_reload) {
      closing.asked = true;
      around_.close_session(device.hex(), closing.key);
    }
    if (now - closing.since < until_closed) {
      ++at;
      continue;
    }
    at = closing_.erase(at);
    closed = true;
  }
  if (closed) refresh();
}

}  // namespace tributary::gateway::engine
