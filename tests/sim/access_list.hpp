// The broker's access list as it is shipped, read as Mosquitto reads it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tributary::sim {

// MQTT 3.1.1, 4.7: + and #.
bool topic_matches(std::string_view filter, std::string_view topic);

class AccessList {
 public:
  explicit AccessList(
      const std::string& text);  // std::runtime_error: a line that is not understood
  static AccessList shipped();

  bool may_write(std::string_view user, std::string_view topic) const;
  bool may_read(std::string_view user, std::string_view topic) const;

 private:
  struct Rule {
    std::string user;  // empty: everybody
    bool read;
    bool write;
    std::string filter;  // %u stands for the user
  };
  bool allows(std::string_view user, std::string_view topic, bool Rule::*access) const;

  std::vector<Rule> rules_;
};

}  // namespace tributary::sim
