// How the operator's commands reach the coordinator.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>

namespace tributary::cli {

// Where the coordinator is and who asks; options with environment variables as their defaults.
struct Access {
  std::string url;
  std::string ca;
  std::string token_file;
  bool json = false;  // print the API's document instead of a table
};
std::shared_ptr<Access> add_access(CLI::App& command);

// One request; a status from 400 on, no answer, or no JSON where it is expected throws CommandFault with the reason.
struct Answer {
  std::string body;
  std::string date;  // the server's
};
Answer ask(const Access& access, const std::string& method, const std::string& target,
           const std::string& content_type = "", const std::string& body = "");
boost::json::value ask_json(const Access& access, const std::string& method,
                            const std::string& target, const std::string& body = "");

// Percent-encodes a query value or path segment (RFC 3986 2.1).
std::string encoded(std::string_view text);

}  // namespace tributary::cli
