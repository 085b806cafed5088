// Publications that wait for the broker: answers to devices before retained state, few in flight.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace tributary::gateway::mqtt {

struct Packet {
  std::string topic;
  std::string payload;
  bool retained;
};

class Outgoing {
 public:
  static constexpr std::size_t most_in_flight = 64;
  static constexpr std::size_t most_answers = 20'000;

  enum class Urgency { answer, retained };
  // Beyond most_answers an answer is dropped.
  void push(Urgency urgency, Packet packet) {
    auto& queue = urgency == Urgency::answer ? answers_ : retained_;
    if (urgency == Urgency::answer && queue.size() >= most_answers) return;
    queue.push_back(std::move(packet));
  }

  // What may be handed to the broker now; it counts as in flight.
  std::optional<Packet> next() {
    auto& queue = answers_.empty() ? retained_ : answers_;
    if (queue.empty() || in_flight_ >= most_in_flight) return std::nullopt;
    Packet packet = std::move(queue.front());
    queue.pop_front();
    ++in_flight_;
    return packet;
  }

  // `generation` is that of the time the packet was taken; an older one says nothing.
  void acknowledged(std::uintptr_t generation) {
    if (generation == generation_ && in_flight_ > 0) --in_flight_;
  }
  std::uintptr_t generation() const { return generation_; }

  // A connection began or ended.
  void clear() {
    answers_.clear();
    retained_.clear();
    in_flight_ = 0;
    ++generation_;
  }

 private:
  std::deque<Packet> answers_;
  std::deque<Packet> retained_;
  std::size_t in_flight_ = 0;
  std::uintptr_t generation_ = 1;
};

}  // namespace tributary::gateway::mqtt
