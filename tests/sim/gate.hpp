// A gateway as a process: site, helper role and uplink are the real ones, on a folder that survives; the
// broker and HTTPS are in memory. Dies at any event, or in the middle of a batch, or at its n-th next effect.
#pragma once

#include "gateway/engine/site.hpp"
#include "gateway/uplink/uplink.hpp"
#include "tests/sim/authority.hpp"
#include "tests/sim/broker.hpp"
#include "tests/sim/folder.hpp"
#include "tests/sim/https.hpp"

namespace tributary::sim {

class Gate {
 public:
  // `broker`: nullptr for a gateway that only helps.
  Gate(Nature& nature, const Authority& authority, Broker* broker, Https& https,
       std::uint8_t number, const std::string& operated_by);
  ~Gate();

  void enrol(const DeviceKeys& device);  // the allow-list
  void revoke(const DeviceId& device);
  void start();
  void kill();
  bool running() const { return run_ != nullptr; }

  // Dies in a batch after this step, before anybody hears of it; in the next one, or after `spared` others.
  enum class Moment { taken, appended, synced, committed };
  void kill_in_batch(Moment moment, std::uint64_t spared = 0) {
    doom_ = moment;
    spared_ = spared;
  }
  // Goes silent at its `effects`-th next publication or log line and is gone with the event it happens in.
  void kill_in(std::uint64_t effects) { fuse_ = effects; }
  void disarm() {
    doom_.reset();
    fuse_.reset();
  }

  gateway::engine::Site& site() { return *run_->site; }
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::string name() const { return name_; }
  std::vector<std::string> log;     // of all lives
  std::vector<std::string> broken;  // storage failures; none are expected

  const GatewayKeys keys;
  gateway::helper::Limits helper_limits;

 private:
  // What dies with the process.
  struct Run {
    Life life = new_life();
    gateway::Metrics metrics;
    gateway::engine::Clock clock;
    std::unique_ptr<gateway::engine::Site> site;
    std::unique_ptr<gateway::uplink::Uplink> uplink;
    bool batch_due = false;
    bool silent = false;  // dead already; what it still says nobody hears
  };
  class VirtualAlarm;

  void open(Run& run);
  gateway::engine::SitePorts ports(Run& run);
  gateway::engine::Submit submit(Run& run);
  gateway::engine::Log log_to(Run& run);
  void speak(Run& run, const std::string& topic, const std::string& payload, bool retained);
  bool spoken(Run& run);
  void write(Run& run);
  void reached(Moment moment);
  void connect();
  void tick();

  Nature& nature_;
  const Authority& authority_;
  Broker* broker_;
  Https& https_;
  std::string name_;
  Folder folder_;
  std::optional<Moment> doom_;
  std::uint64_t spared_ = 0;
  std::optional<std::uint64_t> fuse_;
  std::unique_ptr<Run> run_;
};

}  // namespace tributary::sim
