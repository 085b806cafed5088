// A certified device whose firmware does what its owner likes: it uploads any words under any nonce.
#pragma once

#include "tests/sim/world.hpp"

namespace tributary::sim {

class Forger {
 public:
  using Words = std::vector<std::int64_t>;
  struct Upload {
    std::string request;
    std::vector<std::string> frames;
    std::string header;
  };

  // Enrolled at gateway 1 of the world, whose devices have joined.
  explicit Forger(World& world);
  void join();  // until the gateway has it in its roster

  v1::Offer offer() const;  // on the broker now
  std::size_t words() const;
  Upload upload(const Words& words, const Nonce& nonce) const;
  // Request, chunks and header, one after the other, as `user`: its own name, unless it lies.
  void send(const Upload& upload);
  void send_as(const DeviceId& device, const Upload& upload);

  std::multiset<v1::RejectReason> rejects;
  std::size_t receipts = 0;
  DeviceKeys keys;

 private:
  crypto::PairKey pair_key(v1::Role role) const;
  void hear(std::string_view topic, std::string_view payload);

  World& world_;
  Broker& broker_;
  crypto::ExchangeSecret epoch_ = crypto::ExchangeSecret::random();
  bool welcome_ = false;
};

}  // namespace tributary::sim
