// A site's broker as the plant engineer reaches it: what is retained there, and one question at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tributary::cli {

struct PlantAccess {
  std::string address;   // HOST:PORT
  std::string psk_file;  // broker key of `identity`, as `tributary authority gateway` wrote it
  std::string identity;  // operator, or viewer who only looks
};

// A session of its own, open until destroyed. Everything throws CommandFault, also when the broker does not
// answer within ten seconds.
class PlantBroker {
 public:
  using Topics = std::map<std::string, std::string>;

  explicit PlantBroker(const PlantAccess& access);
  PlantBroker(const PlantBroker&) = delete;
  PlantBroker& operator=(const PlantBroker&) = delete;
  ~PlantBroker();

  // What is retained under these filters, by topic.
  Topics retained(const std::vector<std::string>& filters);
  // Publishes, then waits for a message on `answers` that `wanted` takes; nullopt: none came in ten seconds.
  std::optional<std::string> ask(const std::string& topic, const std::string& payload,
                                 const std::string& answers,
                                 const std::function<bool(const std::string&)>& wanted);

 private:
  struct Session;
  std::unique_ptr<Session> session_;
};

}  // namespace tributary::cli
