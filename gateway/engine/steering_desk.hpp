// Devices by topic (PROTOCOL.md 11): what people set becomes a kept document, then the device's signed
// settings; what devices say of themselves becomes documents for people.
#pragma once

#include "device-protocol/cpp/topics.hpp"
#include "gateway/engine/clock.hpp"
#include "gateway/engine/identity.hpp"
#include "gateway/engine/log.hpp"
#include "gateway/engine/membership.hpp"
#include "gateway/engine/retained.hpp"
#include "gateway/engine/writer.hpp"
#include "gateway/steering/document.hpp"

namespace tributary::gateway::engine {

// Of the io_context thread. What it publishes is retained, and follows from what is committed.
class SteeringDesk {
 public:
  struct Surroundings {
    const Identity& identity;
    const Clock& clock;
    Log log;
    Writer& writer;
    Retained& retained;
    Retained::Publish say;  // once, not retained
    const Membership& members;
    std::function<void(const DeviceId&)> revoke;  // asked for by topic, or decommissioned
  };
  struct Kept {
    std::map<DeviceId, steering::Document> devices;
    steering::Groups groups;
  };
  // Throws storage::Failure when what was stored makes no sense.
  static Kept read(const std::vector<StoredSteering>& rows);
  SteeringDesk(Surroundings surroundings, Kept kept);

  // The devices on the allow-list have changed; also at the start.
  void listed_changed();
  void revoked(const DeviceId& device);

  // From people, and from listed devices. False: not decodable.
  void set(const wire::SetTopic& topic, std::string_view payload);
  [[nodiscard]] bool report(const DeviceId& device, std::string_view payload);
  [[nodiscard]] bool state(const DeviceId& device, std::string_view payload);

 private:
  void refuse(const std::string& subject, const steering::Refused& refused);
  void set_device(const DeviceId& device, const steering::Patch& patch);
  void set_group(const std::string& name, const steering::Patch& patch);
  void keep(const DeviceId& device, steering::Document document, const std::string& request);
  void show(const DeviceId& device);
  void show_state(const DeviceId& device, const std::string& text);
  const steering::Document& own(const DeviceId& device) const;
  std::uint64_t next_version();
  std::int64_t now() const;

  Surroundings around_;
  Kept kept_;
  std::map<DeviceId, v1::DeviceState> states_;  // as last heard in this life of the gateway
  std::uint64_t newest_ = 0;                    // version given out
};

}  // namespace tributary::gateway::engine
