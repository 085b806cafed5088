// The site of one device under test: authority, coordinator, gateway and helper with real keys, a broker that
// keeps retained messages, and a device whose power can be cut before any of its actions takes effect.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/keys.hpp"
#include "crypto/ring.hpp"
#include "tributary.pb.h"
#include "tributary/client.h"

namespace device_test {

using tributary::Bytes;
namespace v1 = tributary::v1;

inline constexpr std::uint32_t parameters = 200;
inline constexpr std::uint32_t words = parameters + 3 + 4;
inline constexpr std::uint32_t most_personal = 8;

// What the test trainer does wrong.
struct Fault {
  trib_status status = TRIB_OK;
  std::optional<float> coordinate;  // of the gradient
  std::optional<trib_batch_report> report;
};

// What the device has published and stored; survives its reboots.
struct Site {
  explicit Site(std::uint32_t helpers = 1);

  // ---- device side: storage and network
  std::map<int, Bytes> records;
  std::vector<std::pair<std::string, Bytes>> sent;     // device -> gateway
  std::vector<std::pair<std::string, Bytes>> waiting;  // broker -> device
  std::map<std::string, Bytes> retained;
  std::uint64_t now_ms = 1000;
  std::uint64_t unix_seconds = 1800000000;
  int actions = 0;             // storage writes and publishes so far
  std::optional<int> cut_at;   // power fails when this action begins
  std::optional<int> fail_at;  // this action alone is refused
  std::optional<Fault> fault;
  std::uint32_t personal = 0;  // of the test trainer, with the gradient `personal_slope`
  float personal_slope = -1;
  std::optional<float> steady;  // the test trainer's gradient, in every coordinate
  int gradients = 0;            // computed so far: no two steps of the test trainer are alike
  bool dead = false;
  std::vector<std::int32_t> revealed;

  bool acts();  // one more action; false: refused, or the power is gone
  void subscribe(const std::string& filter);  // delivers what is retained
  void publish_retained(const std::string& topic, const std::string& payload);

  // Steering (PROTOCOL.md 11), when the device has it.
  bool steered = false;
  trib_conditions conditions{true, true, true, true, 100, 100};
  std::vector<v1::DeviceState> states;      // announced
  std::vector<v1::SettingsReport> reports;  // heard
  // Retains settings for the device, signed by its gateway.
  void settle(v1::Settings settings);

  // ---- gateway side
  std::string offer(v1::RoundContext context) const;  // signed, serialized
  v1::RoundContext context(std::uint64_t round) const;
  void open_round(std::uint64_t round);
  void open_round(const v1::RoundContext& terms);
  // Shows the helpers' keys of `epoch`; `other_key`: not those the masks are removed with.
  void show_keys(std::uint32_t helper_epoch, bool other_key);
  // Shows the gateway's key and those of some helpers. Rounds have the first three.
  void show_helpers(const std::vector<std::size_t>& which);
  // A certified key of the gateway, made after `change`; the epoch key's label may be wrong too.
  using Change = std::function<void(v1::Certificate&, v1::EpochKey&)>;
  v1::CertifiedKey gateway_key(const Change& change,
                               const std::string& epoch_label = "epoch-key") const;
  // Answers everything in `sent`, as a gateway would. Fills `contributions` and checks the rules.
  void answer();

  struct Upload {
    std::map<std::uint32_t, Bytes> chunks;  // opened, masked words
    std::map<std::uint32_t, Bytes> tags;
  };
  // By ctx_hash || nonce: sealed bytes seen for each chunk; two different ones are a broken promise.
  std::map<std::string, std::map<std::uint32_t, Bytes>> sealed_seen;
  std::map<std::string, Upload> uploads;
  std::map<std::uint64_t, std::vector<std::int64_t>> contributions;  // by round: the unmasked words
  std::set<std::uint64_t> receipts;
  std::uint32_t credit_chunks = 1000;  // granted at a time
  bool forge_receipts = false;
  bool lose_headers = false;  // no header is answered

  std::vector<float> model;
  bool same_model = false;  // for every round; else each has its own, as after a release
  std::optional<tributary::ScopeId> scope_id;  // of scope group; else the scope is the gateway
  std::vector<v1::Signed> voids;               // shown with every offer
  v1::Signed void_of(std::uint64_t round, std::size_t helper = 0) const;
  tributary::DeviceId device;
  tributary::GatewayId gateway;
  tributary::TaskId task;

 private:
  std::vector<float> model_of(std::uint64_t round) const;
  struct Helper {
    tributary::HelperId id;
    std::string operated_by;
    tributary::crypto::SigningKey key;
    tributary::crypto::ExchangeSecret exchange;
  };
  v1::CertifiedKey certified(v1::Certificate certificate, v1::EpochKey epoch,
                             const tributary::crypto::SigningKey& key) const;
  v1::CertifiedKey helper_key(const Helper& helper, std::uint32_t epoch,
                              const tributary::ExchangeKey& key) const;
  // Removes the helpers' masks after checking their tickets.
  void unmask(const v1::UploadHeader& header, Bytes& masked) const;
  static std::uint32_t words_of(const v1::RoundContext& terms);
  void on_hello(const Bytes& payload);
  void on_request(const Bytes& payload);
  void on_chunk(const Bytes& payload);
  void on_header(const Bytes& payload);
  void reply(const std::string& kind, const std::string& payload);
  std::string credit(const std::string& ctx_hash, const std::string& nonce, std::uint32_t total);
  tributary::crypto::PairKey pair(const tributary::crypto::ExchangeSecret& own,
                                  tributary::ByteView id) const;

  tributary::crypto::SigningKey authority_, coordinator_, gateway_key_;
  tributary::crypto::ExchangeSecret gateway_exchange_;
  std::vector<Helper> helpers_;
  std::optional<tributary::ExchangeKey> device_exchange_;
  std::map<std::string, v1::RoundContext> open_;  // by ctx_hash
};

// A client with its buffers; building it is booting the device.
class Device {
 public:
  explicit Device(Site& site, std::uint32_t checkpoint_steps = 1);
  trib_client* client = nullptr;
  trib_status started = TRIB_OK;

  // Delivers what waits and gives turns until the device wants to wait; jumps over waits below `patience_ms`.
  void run(std::uint64_t patience_ms = 100000);
  // One exchange with the site and one turn; the milliseconds the device wants to wait.
  std::uint32_t run_once();
  std::set<trib_status> said;  // by messages and turns, TRIB_OK left out
  int training_steps = 0;

 private:
  Site& site_;
  struct Trainer {
    Site& site;
    int& steps;
  };
  static trib_status gradient(void* user, const float* weights, float* out,
                              std::uint32_t batch_size, std::uint64_t seed, std::uint32_t step,
                              trib_batch_report* report);

  Trainer trainer_{site_, training_steps};
  trib_steering steering_{};
  std::array<float, parameters + most_personal> weights_{}, initial_{}, gradient_{};
  std::vector<unsigned char> message_;
  std::vector<std::uint64_t> storage_;
};

}  // namespace device_test
