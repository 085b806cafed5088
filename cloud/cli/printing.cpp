#include "cloud/cli/printing.hpp"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <sstream>

#include "cloud/cli/files.hpp"

namespace tributary::cli {

namespace json = boost::json;

namespace {

constexpr int indent_width = 2;
constexpr int name_width = 21;

std::string text_of(const json::value& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_double()) {
    std::ostringstream out;
    out << std::setprecision(4) << value.get_double();
    return out.str();
  }
  if (!value.is_array()) return json::serialize(value);
  std::string list;
  for (const auto& item : value.get_array()) list += (list.empty() ? "" : ", ") + text_of(item);
  return list.empty() ? "-" : list;
}

void print_members(const json::object& object, int indent) {
  for (const auto& [name, value] : object) {
    std::cout << std::string(static_cast<std::size_t>(indent), ' ') << std::left
              << std::setw(name_width) << std::string(name);
    const auto* nested = value.if_object();
    if (nested == nullptr) {
      std::cout << ' ' << text_of(value) << '\n';
    } else if (nested->empty()) {
      std::cout << " -\n";
    } else {
      std::cout << '\n';
      print_members(*nested, indent + indent_width);
    }
  }
}

}  // namespace

const json::array& items_of(const json::value& document) {
  const auto* object = document.if_object();
  const auto* items = object ? object->if_contains("items") : nullptr;
  if (items == nullptr || !items->is_array())
    throw CommandFault("the coordinator's answer has no \"items\"");
  return items->get_array();
}

std::string cell(const json::value& object, std::string_view member) {
  const auto* members = object.if_object();
  const auto* value = members ? members->if_contains(member) : nullptr;
  return value == nullptr ? "-" : text_of(*value);
}

void print_table(const json::array& rows, const std::vector<std::string>& members) {
  std::vector<std::size_t> widths;
  for (const auto& member : members) {
    std::size_t width = member.size();
    for (const auto& row : rows) width = std::max(width, cell(row, member).size());
    widths.push_back(width);
  }
  const auto line = [&](const auto& column) {
    std::string text;
    for (std::size_t i = 0; i < members.size(); ++i) {
      text += column(members[i]);
      if (i + 1 < members.size()) text.append(widths[i] + 2 - column(members[i]).size(), ' ');
    }
    std::cout << text << '\n';
  };
  line([](const std::string& member) { return member; });
  for (const auto& row : rows) line([&](const std::string& member) { return cell(row, member); });
}

void print_object(const json::value& object) {
  print_members(object.as_object(), 0);
}

}  // namespace tributary::cli
