#include "gateway/engine/answers.hpp"

namespace tributary::gateway::engine {
namespace {

constexpr std::chrono::minutes line_pause{1};
constexpr std::size_t most_lines = 10'000;

}  // namespace

Answers::Answers(Publish publish, Metrics& metrics, const Clock& clock, Log log)
    : publish_(std::move(publish)), metrics_(metrics), clock_(clock), log_(std::move(log)) {}

void Answers::send(const DeviceId& device, wire::DownKind kind,
                   const google::protobuf::MessageLite& message) {
  publish_(wire::down_topic(device, kind), message.SerializeAsString());
}

void Answers::welcome(const DeviceId& device, const Hash& epoch_key_hash) {
  v1::Welcome message;
  message.set_epoch_key_hash(epoch_key_hash.raw());
  send(device, wire::DownKind::welcome, message);
}

void Answers::credit(const Hash& ctx_hash, const round::GrantCredit& credit) {
  v1::Credit message;
  message.set_ctx_hash(ctx_hash.raw());
  message.set_nonce(credit.nonce.raw());
  for (const auto& span : credit.spans) {
    auto* range = message.add_ranges();
    range->set_first(span.first);
    range->set_count(span.count);
  }
  send(credit.device, wire::DownKind::credit, message);
}

void Answers::receipt(const Hash& ctx_hash, const round::SendReceipt& receipt, const Mac& mac) {
  v1::Receipt message;
  message.set_ctx_hash(ctx_hash.raw());
  message.set_nonce(receipt.nonce.raw());
  message.set_digest(receipt.digest.raw());
  message.set_mac(mac.raw());
  send(receipt.device, wire::DownKind::receipt, message);
  metrics_.receipts.Increment();
}

void Answers::prekey(const DeviceId& device, const v1::PrekeyReceipt& receipt) {
  send(device, wire::DownKind::prekey, receipt);
}

void Answers::shares(const Hash& ctx_hash, const round::SendShares& shares,
                     const std::vector<pairwise::SealedShare>& sealed) {
  v1::Shares message;
  message.set_ctx_hash(ctx_hash.raw());
  message.set_place(shares.place);
  for (const auto& share : sealed) message.add_sealed(share.raw());
  send(shares.device, wire::DownKind::shares, message);
}

void Answers::reject(const DeviceId& device, const Hash* ctx_hash, const Nonce* nonce,
                     v1::RejectReason reason, std::uint32_t retry_after_seconds) {
  metrics_.rejects(reason).Increment();
  charge(device, round::Quarantine::points(reason), reason);
  if (worth_a_line(device, reason)) {
    log_(Severity::info, "device_rejected",
         {{"device", device.hex()}, {"reason", Metrics::name_of(reason)}});
  }
  v1::Reject message;
  if (ctx_hash != nullptr) message.set_ctx_hash(ctx_hash->raw());
  if (nonce != nullptr) message.set_nonce(nonce->raw());
  message.set_reason(reason);
  message.set_retry_after_seconds(retry_after_seconds);
  send(device, wire::DownKind::reject, message);
}

bool Answers::listens_to(const DeviceId& device) {
  if (!quarantine_.holds(device, clock_.monotonic())) return true;
  metrics_.quarantined_messages.Increment();
  return false;
}

void Answers::repeated(const DeviceId& device, std::uint32_t points) {
  charge(device, points, v1::REJECT_REASON_UNSPECIFIED);
}

void Answers::charge(const DeviceId& device, std::uint32_t points, v1::RejectReason reason) {
  const auto now = clock_.monotonic();
  if (!quarantine_.charge(device, points, now)) return;
  metrics_.quarantines(reason).Increment();
  const auto left = std::chrono::floor<std::chrono::seconds>(quarantine_.left(device, now));
  log_(Severity::warning, "device_quarantined",
       {{"device", device.hex()},
        {"last_reason",
         reason == v1::REJECT_REASON_UNSPECIFIED ? "flood" : Metrics::name_of(reason)},
        {"seconds", left.count()}});
}

void Answers::tick() {
  metrics_.quarantined_devices.Set(static_cast<double>(quarantine_.held(clock_.monotonic())));
}

bool Answers::worth_a_line(const DeviceId& device, v1::RejectReason reason) {
  const auto now = clock_.monotonic();
  if (lines_.size() >= most_lines) {
    std::erase_if(lines_, [&](const auto& line) { return now - line.second >= line_pause; });
    if (lines_.size() >= most_lines) return false;
  }
  const auto [line, first] = lines_.try_emplace({device, reason}, now);
  if (!first && now - line->second < line_pause) return false;
  line->second = now;
  return true;
}

}  // namespace tributary::gateway::engine
