// The API's documents as text for people, on standard output.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::cli {

// The items of a list document; throws CommandFault when there are none to look for.
const boost::json::array& items_of(const boost::json::value& document);
// A member as text: strings bare, numbers to four digits, lists with commas, null and missing as "-".
std::string cell(const boost::json::value& object, std::string_view member);

// Columns of members of objects, aligned; headings are the member names.
void print_table(const boost::json::array& rows, const std::vector<std::string>& members);
// A member a line; the members of a nested object indented below its name.
void print_object(const boost::json::value& object);

}  // namespace tributary::cli
