// What the gateway says to one device, encoded and addressed (PROTOCOL.md 2).
#pragma once

#include <map>

#include "crypto/pairwise/sealed_share.hpp"
#include "device-protocol/cpp/topics.hpp"
#include "gateway/engine/clock.hpp"
#include "gateway/engine/log.hpp"
#include "gateway/metrics.hpp"
#include "gateway/round/effect.hpp"
#include "gateway/round/quarantine.hpp"

namespace tributary::gateway::engine {

class Answers {
 public:
  using Publish = std::function<void(std::string topic, std::string payload)>;
  Answers(Publish publish, Metrics& metrics, const Clock& clock, Log log);

  void welcome(const DeviceId& device, const Hash& epoch_key_hash);
  void credit(const Hash& ctx_hash, const round::GrantCredit& credit);
  void receipt(const Hash& ctx_hash, const round::SendReceipt& receipt, const Mac& mac);
  // Mode pairwise. `sealed` belongs to the places from shares.place on, in their order.
  void prekey(const DeviceId& device, const v1::PrekeyReceipt& receipt);
  void shares(const Hash& ctx_hash, const round::SendShares& shares,
              const std::vector<pairwise::SealedShare>& sealed);
  // Counted by reason, charged to the device's quarantine, and logged at most once a minute for each
  // device and reason. Hash and nonce
  // are nullptr when the message did not name them.
  void reject(const DeviceId& device, const Hash* ctx_hash, const Nonce* nonce,
              v1::RejectReason reason, std::uint32_t retry_after_seconds = 0);

  // False: the device is in quarantine, its message is counted and nothing more.
  bool listens_to(const DeviceId& device);
  // A message that was right, and was answered or of no use before.
  void repeated(const DeviceId& device, std::uint32_t points = round::Quarantine::ask_again);
  void progress(const DeviceId& device) { quarantine_.progress(device); }
  void tick();

 private:
  void charge(const DeviceId& device, std::uint32_t points, v1::RejectReason reason);
  void send(const DeviceId& device, wire::DownKind kind,
            const google::protobuf::MessageLite& message);
  bool worth_a_line(const DeviceId& device, v1::RejectReason reason);

  Publish publish_;
  Metrics& metrics_;
  const Clock& clock_;
  Log log_;
  round::Quarantine quarantine_;
  std::map<std::pair<DeviceId, v1::RejectReason>, round::Instant> lines_;  // of the last minute
};

}  // namespace tributary::gateway::engine
