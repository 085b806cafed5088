#include "gateway/scheduling/fairness.hpp"

namespace tributary::gateway::scheduling {

std::string_view name_of(DeviceClass device_class) {
  switch (device_class) {
    case DeviceClass::mains:
      return "mains";
    case DeviceClass::battery:
      return "battery";
    case DeviceClass::weak_link:
      return "weak-link";
    case DeviceClass::slow:
      return "slow";
  }
  return "";
}

DeviceClass class_of(const Record& record, double typical) {
  if (record.seconds.weight > 0 && record.seconds.mean > 2 * typical) return DeviceClass::slow;
  if (record.conditions.link.value_or(100) < 50 || reliability(record) < 0.75) {
    return DeviceClass::weak_link;
  }
  return record.conditions.power == Power::mains ? DeviceClass::mains : DeviceClass::battery;
}

double jain_index(std::span<const double> values) {
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  if (squares <= 0) return 1;
  return sum * sum / (static_cast<double>(values.size()) * squares);
}

std::array<double, device_classes> class_shares(
    const std::array<ClassCount, device_classes>& counts) {
  double devices = 0;
  double contributions = 0;
  for (const auto& count : counts) {
    devices += count.devices;
    contributions += static_cast<double>(count.contributions);
  }
  std::array<double, device_classes> shares{};
  shares.fill(1);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts.at(i).devices == 0 || contributions <= 0) continue;
    shares.at(i) = static_cast<double>(counts.at(i).contributions) / counts.at(i).devices /
                   (contributions / devices);
  }
  return shares;
}

}  // namespace tributary::gateway::scheduling
