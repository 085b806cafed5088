// A device: the C client with the port a microcontroller would give it. Its records survive; the rest dies with
// the power, which can fail before any write or publication.
#pragma once

#include <map>
#include <set>

#include "tests/sim/authority.hpp"
#include "tests/sim/broker.hpp"
#include "tributary/client.h"

namespace tributary::sim {

class Node {
 public:
  // One contribution as it was before masking.
  using Words = std::vector<std::int32_t>;

  // `place` of `fleet` devices: its coordinate of the one-hot vectors.
  Node(Nature& nature, const Authority& authority, Broker& broker, const GatewayId& gateway,
       std::uint32_t place, std::uint32_t fleet, const Authority::Floors& floors = {});
  ~Node();

  // Parameters of the model a fleet of this size trains: one coordinate for each, then what only this
  // device's updates hold.
  static std::uint32_t parameters(std::uint32_t fleet) { return fleet + private_words; }
  static constexpr std::uint32_t private_words = 12;

  void start();
  void kill();
  bool running() const { return client_ != nullptr; }
  // The power fails when the `actions`-th next write or publication begins.
  void kill_in(std::uint64_t actions) { fuse_ = actions; }
  void disarm() { fuse_.reset(); }
  trib_phase phase() const { return trib_client_phase(client_); }
  // Before this phase is entered: runs once, as an event.
  void when(trib_phase phase, std::function<void()> then);

  // ---- what it knows and has done, over all lives
  DeviceKeys keys;
  std::map<int, Bytes> records;  // durable
  std::map<Hash, std::map<Nonce, Words>>
      contributions;                // by context: what it sent under which nonce
  std::set<Hash> receipts;          // contexts whose receipt it believed
  std::set<std::string> twice;      // chunks that went out with different bytes
  std::multiset<trib_status> said;  // by the client, TRIB_OK left out
  std::vector<std::string> log;
  std::uint64_t gradients = 0;
  std::string name() const { return "device " + std::to_string(place_); }
  std::string user() const { return keys.id.hex(); }

 private:
  struct Port;
  struct Memory;
  trib_status act();  // one more action: TRIB_OK, or the power is gone
  void connect();
  void message(std::string_view topic, std::string_view payload);
  void turn();
  void look();
  void note_status(trib_status status);
  void sent(const std::string& topic, ByteView payload);

  Nature& nature_;
  Broker& broker_;
  std::uint32_t place_;
  std::uint32_t fleet_;
  std::uint64_t private_seed_;
  std::optional<std::uint64_t> fuse_;
  std::optional<std::pair<trib_phase, std::function<void()>>> watch_;
  bool dead_ = false;  // the power is gone; the object follows
  Life life_ = new_life();
  Life turn_ = new_life();
  Words revealed_;
  std::map<std::string, Bytes> frames_;  // as sent, by tag, nonce and index
  std::unique_ptr<Memory> memory_;
  trib_client* client_ = nullptr;
};

}  // namespace tributary::sim
