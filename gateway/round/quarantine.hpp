// Devices that are not listened to for a time, because too much of what they sent was refused for cause or led to
// nothing. A device collects points, loses four of them every second and one for every chunk it got stored; at
// 256 it is in quarantine: a minute, twice as long each time, at most an hour. After a day without another one it
// starts from a minute again. An honest device with bad luck is heard again when the time is over, with no points.
#pragma once

#include <map>
#include <optional>

#include "gateway/round/plan.hpp"
#include "tributary.pb.h"

namespace tributary::gateway::round {

class Quarantine {
 public:
  static constexpr std::uint32_t most_points = 256;
  static constexpr std::chrono::milliseconds point_life{250};
  static constexpr std::chrono::minutes shortest{1};
  static constexpr std::chrono::hours longest{1};
  static constexpr std::chrono::hours memory{24};
  static constexpr std::size_t most_devices = 10'000;  // remembered; 64 bytes each

  // What the device did to deserve its points; ask_again: a message that is right but was answered before.
  static constexpr std::uint32_t ask_again = 1;
  static constexpr std::uint32_t new_keys = 16;
  static std::uint32_t points(v1::RejectReason reason);  // 0: bad luck, not bad conduct

  // True: the device is in quarantine from now on (say so once).
  bool charge(const DeviceId& device, std::uint32_t points, Instant now);
  // It has got something done.
  void progress(const DeviceId& device);

  bool holds(const DeviceId& device, Instant now) const;
  std::chrono::milliseconds left(const DeviceId& device, Instant now) const;  // 0: is heard
  std::size_t held(Instant now) const;  // devices in quarantine

 private:
  struct Record {
    std::uint32_t points = 0;
    Instant counted_at{0};  // what `points` were then
    Instant until{0};       // of the last quarantine
    std::chrono::milliseconds length{0};
  };

  std::map<DeviceId, Record> records_;
};

}  // namespace tributary::gateway::round
