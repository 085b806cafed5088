// One device of a pairwise group under test: the C client with its records, a mailbox, and a power supply that can
// fail before any of its actions takes effect.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/bytes.hpp"
#include "tributary/client.h"

namespace pair_test {

using tributary::Bytes;

inline constexpr std::uint32_t parameters = 12;
inline constexpr std::uint32_t words = parameters + 3 + 4;

using Message = std::pair<std::string, Bytes>;

// The part of a broker that a device sees. `publish` is the device's own message.
struct Broker {
  std::map<std::string, Bytes> retained;
  std::uint64_t now_ms = 1000;
  std::uint64_t unix_seconds = 1800000000;
};

struct PairDevice {
  PairDevice(Broker& site, const Bytes& identity);
  PairDevice(const PairDevice&) = delete;

  void on();   // boots from the records and connects
  void off();  // power gone; records stay
  bool is_on() const { return client != nullptr; }
  // Takes what waits in the mailbox and one turn; milliseconds it wants to wait.
  std::uint32_t run_once();
  // A message of the gateway, if subscribed to.
  void receive(const std::string& topic, const Bytes& payload);
  bool acts();  // one more action; false: refused, or the power is gone
  bool subscribed(const std::string& topic) const;

  Broker& broker;
  std::map<int, Bytes> records;
  std::vector<Message> sent;
  std::deque<Message> mailbox;
  std::set<std::string> filters;
  std::vector<std::string> log;
  std::set<trib_status> said;
  int actions = 0;
  std::optional<int> cut_at;   // power fails when this action begins
  std::optional<int> fail_at;  // this action alone is refused
  bool dead = false;           // by cut_at; off() and on() bring it back
  // Told before masking, by ctx_hash.
  std::map<std::string, std::vector<std::int32_t>> plain;
  std::size_t message_size = 3000;
  std::size_t block_devices = 64;  // what the block is made for; 0: no block at all
  std::size_t block_neighbours = 63;
  int gradients = 0;
  int chunks_sent = 0;
  trib_client* client = nullptr;
  trib_status started = TRIB_OK;

 private:
  std::array<float, parameters> weights_{}, initial_{}, gradient_{};
  std::vector<unsigned char> message_;
  std::vector<std::uint64_t> storage_, block_;
};

}  // namespace pair_test
