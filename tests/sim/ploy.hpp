// What a malicious coordinator and a malicious gateway can do together: sign any context and any sum request
// with their own keys, show a gateway or a helper whatever they like, and keep every answer.
#pragma once

#include "tests/sim/world.hpp"

namespace tributary::sim {

// What a helper said to one request.
struct Reaction {
  std::optional<v1::MaskSum> answer;
  std::optional<v1::MaskRefusal> refusal;
  v1::HelperRefusal reason() const {
    return refusal ? refusal->reason() : v1::HELPER_REFUSAL_UNSPECIFIED;
  }
};

// Survivors with their tickets for the first helper, ascending by device.
struct Entry {
  v1::Survivor survivor;
  std::string ticket;
};
using Entries = std::vector<Entry>;

class Ploy {
 public:
  explicit Ploy(World& world);

  // The newest sum gateway `gate` has sent.
  const v1::GatewaySum& sum_of(std::size_t gate) const { return newest_.at(gate); }
  Entries entries_of(std::size_t gate) const;
  // Its signed context, as the coordinator issued it.
  v1::RoundContext context_of(const v1::GatewaySum& sum);
  v1::Offer offer(const v1::RoundContext& context) const;  // signed by the coordinator

  // Of gateway `gate` to the helper role of gateway `helper`, signed by the gateway.
  v1::SumRequest request(std::size_t gate, std::size_t helper, const v1::Offer& offer,
                         const Entries& entries) const;
  // Relayed to that helper until it reacts.
  Reaction ask(std::size_t helper, const v1::SumRequest& request);
  // The request of the newest sum, for these entries of it.
  Reaction ask_again(std::size_t gate, std::size_t helper, const Entries& entries);

  // Added to what the coordinator wants of gateway `gate`, from its next question on.
  void say(std::size_t gate, const v1::Work& work) { says_[gate] = work; }
  // What the coordinator gives to anybody who asks for the model or roster of this hash.
  void serve(const Hash& hash, const std::string& body) { documents_[hash.hex()] = body; }

  // All answers so far of the helper role of `helper`, for one context, without repetitions.
  std::set<std::string> answers(std::size_t helper, const Hash& ctx_hash) const;

 private:
  std::size_t index_of(const GatewayId& gateway) const;
  void heard(std::size_t gate, const Https::Request& request);

  World& world_;
  std::map<std::size_t, v1::GatewaySum> newest_;
  std::map<std::size_t, v1::Work> says_;
  std::map<std::string, std::string> documents_;
  std::vector<std::pair<std::size_t, Reaction>> reactions_;
};

}  // namespace tributary::sim
