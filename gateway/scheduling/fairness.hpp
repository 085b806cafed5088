// Does a class of device starve? Classes, what each got of what was to be had, and one number for all.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "gateway/scheduling/record.hpp"

namespace tributary::gateway::scheduling {

enum class DeviceClass : std::uint8_t { mains, battery, weak_link, slow };
inline constexpr std::size_t device_classes = 4;

std::string_view name_of(DeviceClass device_class);

// The hardest that applies: twice as slow as `typical` seconds, a link below 50 % or a reliability below
// 0.75, not on mains.
DeviceClass class_of(const Record& record, double typical);

// Jain's index (Jain, Chiu, Hawe 1984): (sum x)^2 / (n sum x^2), 1/n .. 1; 1 for no values or all zero.
double jain_index(std::span<const double> values);

// Contributions per device of each class, divided by those per device of all: 1 is an equal share.
// 1 for a class without devices, and when nobody contributed.
struct ClassCount {
  std::uint32_t devices = 0;
  std::uint64_t contributions = 0;
};
std::array<double, device_classes> class_shares(
    const std::array<ClassCount, device_classes>& counts);

}  // namespace tributary::gateway::scheduling
