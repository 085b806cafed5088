// One simulated device: a client of the device library, its session to the broker, and its fate:
// lost connections, stragglers, vanishing in the middle of a round and coming back. All its work
// happens on its strand of the worker pool, one piece at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "device-protocol/fleet/attack.hpp"
#include "device-protocol/fleet/broker_session.hpp"
#include "device-protocol/fleet/chance.hpp"
#include "device-protocol/fleet/client.hpp"
#include "device-protocol/fleet/identity.hpp"
#include "device-protocol/fleet/offer_view.hpp"
#include "device-protocol/fleet/receipt_log.hpp"
#include "device-protocol/fleet/work_slots.hpp"

namespace tributary::fleet {

// How all devices of a process behave.
struct DeviceBehaviour {
  std::uint64_t seed = 1;
  double dropout = 0;                  // probability to vanish in a round
  std::chrono::seconds away{30};       // longest absence of a vanished device
  double straggler_share = 0;          // probability that a device is a straggler
  double straggler_factor = 1;         // its local steps take so many times as long
  std::uint32_t checkpoint_steps = 0;  // 0: only when trained
  std::string model = "auto";          // only rounds of this model; auto: all that fit the data
  Attack attack;                       // who uploads something else than it learned
  std::uint32_t synthetic = 0;         // parameters of the synthetic trainer; 0: train on data
  std::filesystem::path true_vectors;  // where quantised vectors are recorded; empty: nowhere
  std::filesystem::path receipts;      // file that receipts are written down in; empty: nowhere
};

// What the devices of a process share. Outlives them.
struct FleetWorld {
  boost::asio::io_context& io;  // one thread
  boost::asio::thread_pool& workers;
  boost::asio::ssl::context& tls;
  WorkSlots& slots;
  RoundBoard& board;
  Tally& tally;
  ReceiptLog& receipts;
  const DeviceBehaviour& behaviour;
};

// start and stop may be called from any thread. I/O and workers must have ended before destruction.
class Device {
 public:
  Device(const FleetWorld& world, const FleetIdentity& identity, const BrokerAddress& broker,
         const LocalExamples& examples, std::unique_ptr<DeviceStorage> storage);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() = default;

  void start(std::chrono::milliseconds delay);
  // Says goodbye to the broker and ends; what the client saved stays in its storage.
  void stop();

 private:
  using Session = std::shared_ptr<BrokerSession>;
  using Milliseconds = std::chrono::milliseconds;
  enum class Slot { none, asked, held };
  enum class Fit { now, later, never };
  struct ShelvedOffer {
    BrokerMessage message;
    OfferView view;
  };

  // Life
  void boot();
  bool load_client(std::unique_ptr<LocalTrainer> trainer);
  void unload_client();
  void vanish();
  void reboot(std::uint64_t absence);
  void after(Milliseconds delay, void (Device::*action)());
  // Session
  void connect();
  void on_connected(std::uint64_t session);
  void on_message(std::uint64_t session, const BrokerMessage& message);
  void on_closed(std::uint64_t session, const std::string& why);
  void drop_session();
  // Offers
  void on_offer(const BrokerMessage& message);
  void consider_offers();
  void offer_newer_round();
  void deliver_offer(std::map<std::string, ShelvedOffer>::iterator offer);
  Fit fit_for(const OfferView& offer);
  Outcome<std::unique_ptr<LocalTrainer>> trainer_for(const std::string& model,
                                                     std::uint32_t parameters) const;
  void take_slot();
  void give_slot_back();
  // Rounds
  void turn();
  void wake_in(std::optional<Milliseconds> wait);
  void deliver(const BrokerMessage& message);
  void count_answer(const BrokerMessage& message, trib_status status, trib_phase before);
  void after_library_call();
  void begin_round(const Hash& ctx_hash);
  void set_phase(std::optional<trib_phase> phase);

  const FleetWorld world_;
  const FleetIdentity& identity_;
  const BrokerAddress& broker_;
  const LocalExamples examples_;
  const std::unique_ptr<DeviceStorage> storage_;
  boost::asio::strand<boost::asio::thread_pool::executor_type> strand_;
  boost::asio::steady_timer turn_timer_;
  boost::asio::steady_timer life_timer_;
  Chance chance_;
  double slowness_ = 1;

  trib_steering steering_{};
  std::unique_ptr<Client> client_;  // null while vanished or stopped
  Session session_;
  std::uint64_t session_number_ = 0;  // events of earlier sessions are ignored
  bool session_up_ = false;
  unsigned failures_ = 0;
  std::map<std::string, ShelvedOffer> offers_;  // by topic: seen, and not yet put to the client
  Slot slot_ = Slot::none;
  std::optional<trib_phase> phase_;  // as counted in the tally
  std::uint32_t turns_in_phase_ = 0;
  Hash ctx_hash_;                     // of the round in progress
  std::optional<OfferView> offered_;  // the offer last put to the client
  std::optional<OfferView> round_;    // the offer of the round in progress, where it was seen
  std::optional<VanishPlan> plan_;
  Hash vanished_from_;
  Hash contributed_to_;
  Hash receipted_;  // the round of the last receipt
  std::uint64_t absence_ = 0;
  bool turn_posted_ = false;
  bool stopped_ = false;
};

}  // namespace tributary::fleet
