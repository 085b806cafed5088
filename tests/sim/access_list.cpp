#include "tests/sim/access_list.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace tributary::sim {
namespace {

std::string_view level(std::string_view& rest) {
  const auto end = rest.find('/');
  const auto head = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return head;
}

}  // namespace

bool topic_matches(std::string_view filter, std::string_view topic) {
  while (!filter.empty()) {
    if (filter == "#") return true;
    if (topic.empty()) return false;
    const auto wanted = level(filter);
    const auto given = level(topic);
    if (wanted != "+" && wanted != given) return false;
  }
  return topic.empty();
}

AccessList::AccessList(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::string user;
  while (std::getline(lines, line)) {
    if (line.empty() || line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string kind;
    std::string first;
    std::string second;
    words >> kind >> first >> second;
    if (kind == "user") {
      user = first;
      continue;
    }
    if ((kind != "topic" && kind != "pattern") || second.empty()) {
      throw std::runtime_error("access list: '" + line + "'");
    }
    rules_.push_back({kind == "topic" ? user : "", first != "write", first != "read", second});
  }
}

AccessList AccessList::shipped() {
  const char* source = std::getenv("TRIBUTARY_SOURCE");
  const std::string path =
      std::string(source ? source : TRIBUTARY_SOURCE_FOLDER) + "/deploy/mosquitto/acl.in";
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + " cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  return AccessList(text.str());
}

bool AccessList::allows(std::string_view user, std::string_view topic, bool Rule::*access) const {
  for (const auto& rule : rules_) {
    if (!(rule.*access) || (!rule.user.empty() && rule.user != user)) continue;
    std::string filter = rule.filter;
    const auto place = filter.find("%u");
    if (place != std::string::npos) filter.replace(place, 2, user);
    if (topic_matches(filter, topic)) return true;
  }
  return false;
}

bool AccessList::may_write(std::string_view user, std::string_view topic) const {
  return allows(user, topic, &Rule::write);
}

bool AccessList::may_read(std::string_view user, std::string_view topic) const {
  return allows(user, topic, &Rule::read);
}

}  // namespace tributary::sim
