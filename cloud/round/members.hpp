// Reads the members of one JSON object and collects every fault, unknown members included.
#pragma once

#include <boost/json/object.hpp>
#include <set>

#include "cloud/round/task_spec.hpp"

namespace tributary::cloud::round {

// Of an id or a name.
std::optional<GatewayId> gateway_of(const boost::json::value& value, const GatewayNames& names);

class Members {
 public:
  // `prefix` goes before member names in faults, for example "training.". All must outlive this.
  Members(const boost::json::object& object, std::string prefix, std::vector<SpecFault>& faults);

  // Each leaves `value` as it is when the member is absent; a wrong one becomes a fault.
  void whole(std::string_view name, std::uint32_t least, std::uint32_t most, std::uint32_t& value);
  void real(std::string_view name, double least, double most, double& value);
  void flag(std::string_view name, bool& value);
  void text(std::string_view name, std::size_t longest, std::string& value);
  // The member itself, nullptr when absent.
  const boost::json::value* find(std::string_view name);
  const boost::json::value* require(std::string_view name);
  void fault(std::string_view name, std::string text);
  // Call last: a fault for each member nobody asked for.
  void refuse_unknown();

 private:
  const boost::json::object& object_;
  std::string prefix_;
  std::vector<SpecFault>& faults_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace tributary::cloud::round
