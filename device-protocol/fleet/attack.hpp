// Devices that attack the model they train: for demonstrations of what stops them.
#pragma once

#include <set>

#include "device-protocol/fleet/identity.hpp"
#include "device-protocol/fleet/local_trainer.hpp"

namespace tributary::fleet {

enum class AttackKind {
  sign_flip,  // the opposite of what the device learned
  scaled,     // the same ten times over, as far as the clip lets it
  garbage     // noise as large as the clip lets it
};

struct Attack {
  AttackKind kind = AttackKind::sign_flip;
  std::set<DeviceId> devices;
};

// `kind`: "sign-flip", "scaled" or "garbage". `who`: hex ids of gateways, all of whose devices attack, and
// shares of 0 to 1 of the devices of every gateway, rounded up. The fault names what is neither.
Outcome<Attack> plan_attack(const std::string& kind, const std::vector<std::string>& who,
                            const std::vector<FleetIdentity>& fleet);

// Learns as `honest` does and uploads something else.
std::unique_ptr<LocalTrainer> make_attacking_trainer(AttackKind kind,
                                                     std::unique_ptr<LocalTrainer> honest);

}  // namespace tributary::fleet
