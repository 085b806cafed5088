#include "device-protocol/fleet/fleet_report.hpp"

#include <spdlog/fmt/fmt.h>

#include "tributary.pb.h"

namespace tributary::fleet {
namespace {

constexpr std::array<const char*, Tally::kPhases> kPhaseNames{
    "joining", "idle", "fetching", "training", "requesting", "uploading", "committing"};

// "REJECT_LATE" as "late", as the gateway's metric labels it.
std::string reason_name(std::size_t reason) {
  std::string name = v1::RejectReason_Name(static_cast<v1::RejectReason>(reason));
  name.erase(0, sizeof "REJECT_" - 1);
  for (auto& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

boost::json::object rejects_json(const Tally& tally) {
  boost::json::object rejects;
  for (std::size_t reason = 0; reason < Tally::kReasons; ++reason) {
    if (const auto count = tally.rejects.at(reason).load()) rejects[reason_name(reason)] = count;
  }
  return rejects;
}

}  // namespace

boost::json::object report_json(const Tally& tally, std::size_t devices, double seconds) {
  boost::json::object phases;
  for (std::size_t i = 0; i < Tally::kPhases; ++i) {
    phases[kPhaseNames.at(i)] = tally.in_phase.at(i).load();
  }
  return {{"seconds", seconds},
          {"devices", devices},
          {"connected", tally.connected.load()},
          {"away", tally.away.load()},
          {"phases", std::move(phases)},
          {"rounds_begun", tally.rounds_begun.load()},
          {"contributed", tally.contributed.load()},
          {"receipts", tally.receipts.load()},
          {"prekeys", tally.prekeys.load()},
          {"vows", tally.vows.load()},
          {"reveals", tally.reveals.load()},
          {"vanished", tally.vanished.load()},
          {"rejects", rejects_json(tally)},
          {"connection_failures", tally.connection_failures.load()},
          {"storage_failures", tally.storage_failures.load()}};
}

std::string report_line(const Tally& tally, std::size_t devices, double seconds) {
  std::string line = fmt::format("{:7.1f} s  {}/{} connected, {} away |", seconds,
                                 tally.connected.load(), devices, tally.away.load());
  for (std::size_t i = 0; i < Tally::kPhases; ++i) {
    if (const auto count = tally.in_phase.at(i).load()) {
      line += fmt::format(" {} {},", kPhaseNames.at(i), count);
    }
  }
  line +=
      fmt::format(" begun {}, contributed {}, receipts {}, vanished {}", tally.rounds_begun.load(),
                  tally.contributed.load(), tally.receipts.load(), tally.vanished.load());
  if (const auto prekeys = tally.prekeys.load()) {
    line += fmt::format(", prekeys {}, vows {}, reveals {}", prekeys, tally.vows.load(),
                        tally.reveals.load());
  }
  for (const auto& [reason, count] : rejects_json(tally)) {
    line += fmt::format(", rejected {} {}", std::string_view(reason), count.as_uint64());
  }
  if (const auto failures = tally.connection_failures.load()) {
    line += fmt::format(", connection failures {}", failures);
  }
  if (const auto failures = tally.storage_failures.load()) {
    line += fmt::format(", storage failures {}", failures);
  }
  return line;
}

}  // namespace tributary::fleet
