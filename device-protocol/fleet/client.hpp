// The C device library's client with everything it stands on: port, trainer, model buffers.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device-protocol/fleet/broker_session.hpp"
#include "device-protocol/fleet/device_storage.hpp"
#include "device-protocol/fleet/local_trainer.hpp"
#include "device-protocol/fleet/tally.hpp"
#include "device-protocol/fleet/true_vectors.hpp"
#include "device-protocol/fleet/working_memory.hpp"
#include "tributary/client.h"

namespace tributary::fleet {

// One thread at a time. What is referred to outlives the client.
class Client {
 public:
  struct Surroundings {
    DeviceId device;
    DeviceStorage& storage;
    Tally& tally;
    const std::filesystem::path& true_vectors;  // empty: nothing is recorded
    std::uint32_t checkpoint_steps;
    trib_steering& steering;  // of one power-on of the device; zeroed when it boots
  };

  // Loads the device's records; a round in progress goes on when the trainer is the round's.
  static Outcome<std::unique_ptr<Client>> start(const Surroundings& surroundings,
                                                std::unique_ptr<LocalTrainer> trainer);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client();  // wipes the client's state; its records stay

  // The session to publish on; nullptr: offline.
  void use(std::shared_ptr<BrokerSession> session) { session_ = std::move(session); }
  void connected();
  // For the MQTT session that is about to be opened.
  LastWill will();
  // Before the session is closed on purpose.
  void leave() { (void)trib_client_leaving(client_, false); }
  bool decommissioned() const { return trib_client_decommissioned(client_); }
  trib_status message(const BrokerMessage& message);
  // One bounded piece of work; how long until the next, nullopt: only after a message.
  std::optional<std::chrono::milliseconds> turn();

  trib_phase phase() const { return trib_client_phase(client_); }
  Hash context_hash() const;
  const std::string& model() const { return model_; }
  std::uint32_t parameters() const { return trainer_->trainer().parameters; }
  // Gives the model buffers' memory back. Only without a round.
  void release_buffers() { memory_.release(); }

 private:
  struct Port;
  Client(const Surroundings& surroundings, std::unique_ptr<LocalTrainer> trainer);

  const Surroundings around_;
  const std::unique_ptr<LocalTrainer> trainer_;
  const std::string model_;
  WorkingMemory memory_;
  std::vector<std::uint64_t> bytes_;
  std::shared_ptr<BrokerSession> session_;
  std::optional<TrueVectorFile> true_vector_;
  trib_client* client_ = nullptr;
};

}  // namespace tributary::fleet
