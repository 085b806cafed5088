// The tally of a fleet as a line for people or as JSON.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "device-protocol/fleet/tally.hpp"

namespace tributary::fleet {

boost::json::object report_json(const Tally& tally, std::size_t devices, double seconds);
std::string report_line(const Tally& tally, std::size_t devices, double seconds);

}  // namespace tributary::fleet
