#include "cloud/round/members.hpp"

#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

namespace tributary::cloud::round {
namespace {

std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string range_text(const std::string& least, const std::string& most) {
  return "from " + least + " to " + most;
}

std::optional<std::int64_t> as_whole(const boost::json::value& value) {
  if (value.is_int64()) return value.get_int64();
  if (value.is_double() && std::trunc(value.get_double()) == value.get_double() &&
      std::abs(value.get_double()) < 9e15) {
    return static_cast<std::int64_t>(value.get_double());
  }
  return std::nullopt;
}

}  // namespace

std::optional<GatewayId> gateway_of(const boost::json::value& value, const GatewayNames& names) {
  const auto* text = value.if_string();
  if (text == nullptr) return std::nullopt;
  if (const auto id = GatewayId::from_hex(std::string_view{*text})) return id;
  return names(std::string_view{*text});
}

Members::Members(const boost::json::object& object, std::string prefix,
                 std::vector<SpecFault>& faults)
    : object_(object), prefix_(std::move(prefix)), faults_(faults) {}

const boost::json::value* Members::find(std::string_view name) {
  known_.emplace(name);
  return object_.if_contains(name);
}

const boost::json::value* Members::require(std::string_view name) {
  const auto* value = find(name);
  if (value == nullptr) fault(name, "is missing");
  return value;
}

void Members::whole(std::string_view name, std::uint32_t least, std::uint32_t most,
                    std::uint32_t& value) {
  const auto* member = find(name);
  if (member == nullptr) return;
  const auto number = as_whole(*member);
  if (!number || *number < std::int64_t{least} || *number > std::int64_t{most}) {
    fault(name,
          "must be a whole number " + range_text(std::to_string(least), std::to_string(most)));
    return;
  }
  value = static_cast<std::uint32_t>(*number);
}

void Members::real(std::string_view name, double least, double most, double& value) {
  const auto* member = find(name);
  if (member == nullptr) return;
  boost::json::error_code error;
  const double number = member->to_number<double>(error);
  if (error || !(number >= least && number <= most)) {
    fault(name, "must be a number " + range_text(number_text(least), number_text(most)));
    return;
  }
  value = number;
}

void Members::flag(std::string_view name, bool& value) {
  const auto* member = find(name);
  if (member == nullptr) return;
  if (!member->is_bool()) return fault(name, "must be true or false");
  value = member->get_bool();
}

void Members::text(std::string_view name, std::size_t longest, std::string& value) {
  const auto* member = require(name);
  if (member == nullptr) return;
  const auto* string = member->if_string();
  if (string == nullptr || string->empty() || string->size() > longest) {
    fault(name, "must be a text of 1 to " + std::to_string(longest) + " bytes");
    return;
  }
  value.assign(string->begin(), string->end());
}

void Members::fault(std::string_view name, std::string text) {
  faults_.push_back({prefix_ + std::string{name}, std::move(text)});
}

void Members::refuse_unknown() {
  for (const auto& member : object_) {
    if (!known_.contains(std::string_view{member.key()})) {
      fault(member.key(), "is not a member of the task spec");
    }
  }
}

}  // namespace tributary::cloud::round
