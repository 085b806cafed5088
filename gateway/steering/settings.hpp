// The settings a device knows (PROTOCOL.md 11.1): names, ranges, and their place in the message.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <string>
#include <string_view>

#include "tributary.pb.h"

namespace tributary::gateway::steering {

// By name; only valid values ever get in.
using Values = std::map<std::string, boost::json::value, std::less<>>;

bool is_setting(std::string_view name);

// Why the value cannot be that of the setting, naming it and its range; empty: it can.
std::string fault_of(std::string_view name, const boost::json::value& value);

// Every value at its place. They have been found to have no fault.
void fill(v1::Settings& message, const Values& values);

// Of a field number of v1::Settings; empty: none.
std::string_view setting_of_field(std::uint32_t field);

}  // namespace tributary::gateway::steering
