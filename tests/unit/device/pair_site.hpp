// A site of mode pairwise: several C devices, a broker, and a gateway and coordinator made of crypto/pairwise. It
// checks throughout what must never happen: two vectors under a nonce, both shares of a secret's owner from one
// holder in one slot, two vows of one witness for one slot.
#pragma once

#include "crypto/keys.hpp"
#include "crypto/pairwise/member_tree.hpp"
#include "crypto/pairwise/prekey.hpp"
#include "crypto/pairwise/reveal.hpp"
#include "crypto/pairwise/unmasking.hpp"
#include "tests/unit/device/pair_device.hpp"
#include "tributary.pb.h"

namespace pair_test {

namespace v1 = tributary::v1;
namespace pairwise = tributary::pairwise;
using tributary::Hash;

struct GroupPlan {
  std::uint32_t devices = 4;
  std::uint32_t neighbours = 3;
  std::uint8_t threshold = 2;
  std::uint32_t witnesses = 3;
  std::uint32_t quorum = 2;
  std::uint32_t first_slot = 1;
  std::uint32_t last_slot = 1000;
};

// What the gateway knows of one round.
struct PairRound {
  std::uint32_t slot = 0;
  v1::RoundContext context;
  Hash ctx_hash;
  std::map<std::uint32_t, Bytes> uploads;  // by member: masked words of those with a receipt
  std::vector<std::uint32_t> survivors;    // once closed
  std::map<std::uint32_t, v1::Vow> vows;   // by witness
  // [owner][holder]: the opened share of the kind asked for
  std::map<std::uint32_t, std::map<std::uint32_t, pairwise::ShareValue>> shares;
  std::map<std::uint32_t, std::set<std::uint32_t>>
      answered;  // [holder]: owners it sent something for
};

class PairSite {
 public:
  explicit PairSite(const GroupPlan& plan = {});

  // Turns for all devices that are on, until nothing more happens within `patience_ms`.
  void run(std::uint64_t patience_ms = 1000);
  std::uint32_t step();  // one turn for each; the shortest wait
  std::uint32_t step_one(std::uint32_t device);
  // Boots all, makes the group of those that said hello and lets them leave prekeys.
  void join();
  void show_group();
  void open_round(std::uint32_t slot);
  // Fixes the survivors: those with a receipt, or the ones given.
  void close_round();
  void close_round(const std::vector<std::uint32_t>& survivors);
  void end_round();  // empties offer and closing
  // The sum of the survivors' words; nullopt: too few shares.
  std::optional<Bytes> sum() const;
  // What it must be, from what the devices told before masking.
  Bytes expected_sum() const;
  // Who they are in the roster.
  PairDevice& member(std::uint32_t index) { return *devices.at(index); }

  std::string closing(const std::vector<std::uint32_t>& survivors) const;
  std::string witness_vow(std::uint32_t witness, const Hash& survivors_hash) const;
  v1::Member member_message(std::uint32_t index) const;
  Hash survivors_hash(const std::vector<std::uint32_t>& survivors) const;
  // With keys of its own making, in everybody's name.
  std::string forged_vow(std::uint32_t witness, const Hash& survivors_hash) const;
  void publish(const std::string& topic, const std::string& payload);
  void withdraw(const std::string& topic);
  std::string offer() const;
  std::string offer_of(const v1::RoundContext& context) const;  // signed
  void trust_gateways();  // all devices also take part in mode trusted-gateway
  std::string signed_group() const;
  Hash group_hash() const;
  std::string head_topic(std::uint32_t slot, std::uint32_t owner) const;
  pairwise::PrekeyTerms terms(std::uint32_t slot) const { return {*graph, plan.threshold, slot}; }
  pairwise::RosterDevice listed(std::uint32_t index) const;
  std::vector<std::uint32_t> witnesses(std::uint32_t slot) const;
  void deliver(std::uint32_t device, const std::string& kind, const std::string& payload);

  GroupPlan plan;
  Broker broker;
  std::vector<std::unique_ptr<PairDevice>> devices;  // by index in the roster: ids ascend
  std::vector<tributary::DeviceId> ids;
  std::vector<tributary::crypto::SigningKey> identities;
  std::map<std::uint32_t, std::string> epoch_bodies;
  std::map<std::uint32_t, v1::CertifiedKey> keys;
  std::optional<pairwise::Graph> graph;
  std::map<std::uint32_t, std::map<std::uint32_t, pairwise::Prekey>> prekeys;  // [slot][owner]
  std::optional<PairRound> round;
  bool prekey_receipts = true;
  std::uint32_t next_slot = 0;  // slots below are over
  bool bend_next_mac = false;
  int prekeys_seen = 0;
  bool retain_vows = true;
  bool both_kinds = false;  // a gateway that asks for both shares
  std::function<void(v1::Group&)> change_group;
  bool bend_group_signature = false;
  int lose_every = 0;  // of the messages in either direction; 0: none
  std::optional<std::uint32_t>
      mute;  // a device whose messages do not arrive until the survivors are fixed
  std::uint32_t shares_at_once = 16;
  std::uint32_t credit_chunks = 100;
  tributary::GatewayId gateway;
  tributary::TaskId task;
  std::vector<float> model;

  // [device][slot]: survivors hashes signed; more than one is a broken promise.
  std::map<std::uint32_t, std::map<std::uint32_t, std::set<std::string>>> vowed;
  // [holder][slot][owner]: kinds of share that opened.
  std::map<std::uint32_t, std::map<std::uint32_t, std::map<std::uint32_t, std::set<int>>>> revealed;
  int reveals = 0;

 private:
  bool lost();
  Bytes identity_of(std::uint32_t index) const;
  void answer(std::uint32_t device);
  void on_hello(std::uint32_t device, const Bytes& payload);
  void on_prekey(std::uint32_t device, const Bytes& payload);
  void on_request(std::uint32_t device, const Bytes& payload);
  void on_chunk(std::uint32_t device, const Bytes& payload);
  void on_header(std::uint32_t device, const Bytes& payload);
  void on_vow(std::uint32_t device, const Bytes& payload);
  void on_shares(std::uint32_t device, const Bytes& payload);
  void on_reveal(std::uint32_t device, const Bytes& payload);
  void send_shares(std::uint32_t device, std::uint32_t place);
  pairwise::ShareKind kind_of(std::uint32_t owner) const;
  tributary::crypto::PairKey pair(std::uint32_t device) const;
  std::string credit(std::uint32_t device, const v1::UploadRequest& request) const;
  tributary::Hash roster_root() const;

  struct Upload {
    std::map<std::uint32_t, Bytes> sealed;
    std::map<std::uint32_t, Bytes> opened;
  };
  int messages_ = 0;
  std::map<std::string, Upload> uploads_;  // device, ctx_hash, nonce
  tributary::crypto::SigningKey authority_, coordinator_, gateway_key_;
  tributary::crypto::ExchangeSecret gateway_exchange_;
  std::map<std::uint32_t, std::pair<std::uint32_t, std::vector<pairwise::ShareKind>>> asked_;
};

}  // namespace pair_test
