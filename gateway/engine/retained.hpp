// What mode pairwise retains on the broker, by topic. It knows what ought to be there; the broker may
// have lost it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tributary::gateway::engine {

// Of the io_context thread.
class Retained {
 public:
  // An empty payload clears a topic.
  using Publish = std::function<void(std::string topic, std::string payload)>;
  explicit Retained(Publish publish) : publish_(std::move(publish)) {}

  // Nothing happens when the topic has this payload already.
  void post(const std::string& topic, std::string payload);
  void clear(const std::string& topic);
  void clear_below(const std::string& prefix);
  void republish() const;  // after a (re)connect: everything again
  bool holds(std::string_view topic) const { return payloads_.contains(topic); }

 private:
  Publish publish_;
  std::map<std::string, std::string, std::less<>> payloads_;
};

}  // namespace tributary::gateway::engine
