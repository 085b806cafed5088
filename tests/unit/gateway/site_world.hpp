// A fleet and its authority around one Site, with a broker made of function calls. The devices use the
// device side of crypto/upload.hpp; what they upload is known, so that sums can be checked exactly.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <set>

#include "crypto/upload.hpp"
#include "gateway/engine/site_threads.hpp"

namespace tributary::gateway::test {

class Folder {
 public:
  Folder();
  ~Folder();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct FleetDevice {
  DeviceId id;
  crypto::SigningKey key;
  crypto::ExchangeSecret epoch;
  v1::CertifiedKey certified;
  Nonce nonce;
  std::vector<std::int32_t> values;  // q, before masking
};

// Everything that does not die with the gateway.
class Fleet {
 public:
  static constexpr std::uint32_t parameters = 500;
  static constexpr std::uint32_t chunk_bytes = 480;
  static constexpr const char* tenant = "plant";

  explicit Fleet(std::uint8_t devices);

  engine::Identity identity() const;
  std::string roster() const;
  v1::Offer offer(const v1::RoundContext& context) const;
  // A round of all devices that closes with `target` contributions.
  v1::RoundContext context(std::uint32_t n_min, std::uint32_t target) const;
  // Any other message of the coordinator.
  Signature coordinator_signs(std::string_view label, const Hash& hash) const {
    return crypto::sign(coordinator_, label, hash);
  }
  // A device's words before masking; and any words of it sealed to the gateway, chunk by chunk.
  static Bytes plain_words(const FleetDevice& device);
  std::vector<Bytes> seal(const FleetDevice& device, const wire::Context& context,
                          const std::string& site_keys, ByteView words) const;
  crypto::PairKey gateway_pair_key(const FleetDevice& device, const std::string& site_keys) const;
  static v1::UploadHeader header_of(const FleetDevice& device, const wire::Context& context,
                                    const std::vector<Bytes>& chunks);
  static std::vector<std::string> frames_of(const FleetDevice& device, const wire::Context& context,
                                            const std::vector<Bytes>& chunks);
  const std::string& model() const { return model_; }
  Hash roster_hash() const { return crypto::hash("roster", {view_of(roster())}); }

  // Sealed chunks and header of a device's upload for this context.
  std::vector<std::string> frames(const FleetDevice& device, const std::string& context,
                                  const std::string& site_keys) const;
  v1::UploadHeader header(const FleetDevice& device, const std::string& context,
                          const std::string& site_keys) const;
  // What the combiner does: the masks of the survivors taken off the words of a GatewaySum.
  std::vector<std::int64_t> unmask(const v1::GatewaySum& sum) const;
  std::vector<std::int64_t> true_sum(const v1::GatewaySum& sum) const;
  v1::CertifiedKey helper_key() const { return helper_certified_; }
  v1::MaskRefusal refusal(const v1::GatewaySum& sum, const DeviceId& device) const;
  std::size_t words() const { return parameters + 3 + 4; }

  std::vector<FleetDevice> devices;
  Folder folder;  // state/ and devices/ of the gateway
  GatewayId gateway;
  HelperId helper;

 private:
  v1::CertifiedKey certify(std::span<const std::uint8_t, 16> id, v1::Role role,
                           const crypto::SigningKey& key,
                           const crypto::ExchangeSecret& epoch) const;
  v1::Signed certificate(std::span<const std::uint8_t, 16> id, v1::Role role,
                         const crypto::SigningKey& key) const;
  crypto::PairKey helper_pair_key(const FleetDevice& device, crypto::Side side) const;
  std::vector<Bytes> sealed(const FleetDevice& device, const wire::Context& context,
                            const std::string& site_keys) const;

  crypto::SigningKey authority_ = crypto::SigningKey::random();
  crypto::SigningKey coordinator_ = crypto::SigningKey::random();
  crypto::SigningKey gateway_key_ = crypto::SigningKey::random();
  crypto::SigningKey helper_key_ = crypto::SigningKey::random();
  crypto::ExchangeSecret helper_epoch_ = crypto::ExchangeSecret::random();
  crypto::ExchangeSecret combiner_ = crypto::ExchangeSecret::random();
  v1::CertifiedKey helper_certified_;
  std::string model_;
};

// One life of the gateway on the fleet's folder.
class SiteWorld {
 public:
  explicit SiteWorld(Fleet& fleet, std::uint64_t store_bytes = 1 << 30,
                     std::uint64_t outbox_bytes = 1 << 30);

  // Runs the loop until the condition holds; false: it did not within 10 s.
  bool until(const std::function<bool()>& condition);
  // Everything posted and written so far has had its effect.
  void settle();

  void say(const FleetDevice& device, wire::UpKind kind, const std::string& payload);
  void hello(const FleetDevice& device);
  void join_all();                             // hello until welcome, roster stored
  void open(const v1::RoundContext& context);  // as the uplink would, until the offer is retained
  // Drives one device through its upload as PROTOCOL.md says, until receipt or final reject.
  void upload(const FleetDevice& device);
  // The same, until the disk has failed at the latest.
  void upload_or_break(const FleetDevice& device);
  void upload(const FleetDevice& device, const Hash& ctx_hash,
              const std::vector<std::string>& frames, const std::string& header);
  // Messages waiting for the coordinator; key to content.
  std::map<std::string, std::string> outbox();
  v1::GatewaySum sum();  // waits for the newest one in the outbox

  const std::string& retained(const std::string& topic) { return retained_[topic]; }
  std::size_t retained_below(const std::string& prefix) const;
  struct Heard {
    std::string kind;
    std::string payload;
  };
  std::deque<Heard>& heard(const DeviceId& device) { return heard_[device]; }
  std::string offer_topic() const;
  std::vector<v1::Reject> rejects(const FleetDevice& device) const;
  bool rejected(const FleetDevice& device, v1::RejectReason reason) const;

  v1::Work standing;                        // what every answer of the coordinator says besides
  std::map<std::string, std::string> told;  // to people, not retained
  std::set<DeviceId> receipts;
  std::function<void()> before_speaking;  // for crashes; may not return
  std::function<void(const DeviceId&)> receipt_heard;
  std::vector<std::string> log;
  std::string broken;
  Metrics metrics;
  boost::asio::io_context io;
  std::chrono::sys_seconds wall{std::chrono::seconds(1'800'000'000)};
  std::chrono::milliseconds skipped{0};  // of monotonic time
  Fleet& fleet;
  std::unique_ptr<engine::Site> site;
  std::unique_ptr<engine::SiteThreads> threads;  // end before the site

 private:
  void hear(const std::string& topic, const std::string& payload);

  std::map<std::string, std::string> retained_;
  std::map<DeviceId, std::deque<Heard>> heard_;
  std::map<DeviceId, std::vector<v1::Reject>> rejects_;
  std::set<DeviceId> welcomed_;
};

}  // namespace tributary::gateway::test
