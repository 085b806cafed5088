// A fleet of mode pairwise around one Site: devices made of crypto/pairwise, as PROTOCOL.md 10 wants them.
// What a device persists lives here and outlasts the gateway's lives.
#pragma once

#include "crypto/pairwise/reveal.hpp"
#include "crypto/pairwise/reveal_box.hpp"
#include "device-protocol/cpp/group.hpp"
#include "tests/unit/gateway/site_world.hpp"

namespace tributary::gateway::test {

struct PairwiseDevice {
  explicit PairwiseDevice(std::uint32_t place) : index(place) {}

  std::uint32_t index;
  pairwise::PrekeyChain chain{1, pairwise::ChainKey::random()};
  std::optional<pairwise::SlotVow> vow;
  std::optional<pairwise::RevealRecord> record;
  bool lies = false;  // what it reveals is not what it opened
};

class PairwiseFleet {
 public:
  static constexpr std::uint32_t threshold = 4;
  static constexpr std::uint32_t witnesses = 5;
  static constexpr std::uint32_t quorum = 3;
  static constexpr std::uint32_t n_min = 4;

  // `count` devices who all know each other.
  explicit PairwiseFleet(std::uint8_t count, std::uint32_t first_slot = 1);

  const Hash& group_hash() const { return group_.hash; }
  v1::GroupOffer offer() const;
  v1::RoundContext context(std::uint32_t target) const;  // of round 1
  pairwise::Prekey prekey(const PairwiseDevice& device, std::uint32_t slot) const;
  bool drawn(const PairwiseDevice& device, std::uint32_t slot) const;

  // What a device does when it wakes up in front of this gateway.
  void say_prekey(SiteWorld& world, const PairwiseDevice& device, std::uint32_t slot) const;
  bool prekey_receipted(SiteWorld& world, const PairwiseDevice& device, std::uint32_t slot) const;
  void prepare(SiteWorld& world, std::uint32_t slots = 2) const;  // everybody, until receipted
  // Checks its neighbours' heads, masks, uploads; false: it cannot take part.
  bool upload(SiteWorld& world, const PairwiseDevice& device) const;
  void say_vow(SiteWorld& world, PairwiseDevice& device) const;
  // Collects the quorum, decides, opens what it is asked for until nothing is missing. False: it refuses, or
  // there is no answer.
  bool reveal(SiteWorld& world, PairwiseDevice& device) const;
  // Everybody, until the round has what it needs.
  void finish(SiteWorld& world);

  Fleet fleet;
  std::vector<PairwiseDevice> devices;
  pairwise::Graph graph;

 private:
  struct Closed;  // a Closing as a device reads it
  pairwise::ShareParties parties(std::uint32_t owner, std::uint32_t holder) const;
  std::optional<Closed> closing(SiteWorld& world) const;
  std::optional<pairwise::SurvivorCertificate> certificate(SiteWorld& world,
                                                           const Closed& closed) const;
  std::vector<pairwise::Witness> witnesses_of(std::uint32_t slot) const;
  std::optional<pairwise::PrekeyHead> head(SiteWorld& world, std::uint32_t member,
                                           std::uint32_t slot) const;
  void answer(SiteWorld& world, const PairwiseDevice& device, const Closed& closed,
              const v1::Shares& asked) const;

  std::string group_bytes_;
  wire::Group group_;
};

}  // namespace tributary::gateway::test
