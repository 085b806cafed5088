#include "device-protocol/fleet/attack.hpp"

#include <charconv>
#include <cmath>
#include <map>
#include <optional>

#include "device-protocol/fleet/chance.hpp"

namespace tributary::fleet {
namespace {

constexpr float times = 10;  // of a scaled attack

std::optional<AttackKind> kind_of(const std::string& name) {
  if (name == "sign-flip") return AttackKind::sign_flip;
  if (name == "scaled") return AttackKind::scaled;
  if (name == "garbage") return AttackKind::garbage;
  return std::nullopt;
}

std::optional<double> share_of(const std::string& text) {
  double share = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, share);
  if (read.ec != std::errc{} || read.ptr != end || !(share >= 0 && share <= 1)) return std::nullopt;
  return share;
}

using Sites = std::map<GatewayId, std::vector<DeviceId>>;

void add_share(const Sites& sites, double share, std::set<DeviceId>& devices) {
  for (const auto& [gateway, members] : sites) {
    const auto count = std::ceil(share * static_cast<double>(members.size()) - 1e-9);
    devices.insert(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

// The library uploads weights - initial. The honest weights are those the device has walked to `reach` times
// as far, backwards; stepping the visible ones along the honest gradient reversed keeps it so.
class AttackingTrainer : public LocalTrainer {
 public:
  AttackingTrainer(AttackKind kind, std::unique_ptr<LocalTrainer> honest)
      : LocalTrainer(honest->trainer().model),
        kind_(kind),
        reach_(kind == AttackKind::scaled ? times : 1),
        honest_(std::move(honest)) {
    const auto& inner = honest_->trainer();
    weights_.resize(inner.parameters);
    trainer_.user = this;
    trainer_.parameters = inner.parameters;
    trainer_.examples = inner.examples;
    trainer_.gradient = attack;
  }

 private:
  static trib_status attack(void* user, const float* weights, float* gradient,
                            std::uint32_t batch_size, std::uint64_t seed, std::uint32_t step,
                            trib_batch_report* report) {
    auto& self = *static_cast<AttackingTrainer*>(user);
    const auto& inner = self.honest_->trainer();
    if (step == 0 || self.initial_.empty()) {
      self.initial_.assign(weights, weights + inner.parameters);
    }
    for (std::uint32_t j = 0; j < inner.parameters; ++j) {
      self.weights_[j] = self.initial_[j] + (self.initial_[j] - weights[j]) / self.reach_;
    }
    const auto status =
        inner.gradient(inner.user, self.weights_.data(), gradient, batch_size, seed, step, report);
    Chance chance(seed, step);
    for (std::uint32_t j = 0; j < inner.parameters; ++j) {
      gradient[j] = self.kind_ == AttackKind::garbage
                        ? times * (static_cast<float>(chance.uniform()) - 0.5F)
                        : -self.reach_ * gradient[j];
    }
    return status;
  }

  AttackKind kind_;
  float reach_;
  std::unique_ptr<LocalTrainer> honest_;
  std::vector<float> initial_;
  std::vector<float> weights_;
};

}  // namespace

Outcome<Attack> plan_attack(const std::string& kind, const std::vector<std::string>& who,
                            const std::vector<FleetIdentity>& fleet) {
  const auto known = kind_of(kind);
  if (!known) return Fault{"--attack " + kind + ": must be sign-flip, scaled or garbage"};
  Sites sites;
  for (const auto& identity : fleet) sites[identity.gateway].push_back(identity.device);
  Attack attack{*known, {}};
  for (const auto& whom : who) {
    const auto gateway = GatewayId::from_hex(whom);
    const auto share = share_of(whom);
    if (gateway && sites.contains(*gateway)) {
      attack.devices.insert(sites[*gateway].begin(), sites[*gateway].end());
    } else if (share) {
      add_share(sites, *share, attack.devices);
    } else {
      return Fault{"--attackers " + whom +
                   ": neither a gateway of these devices nor a share of 0 to 1"};
    }
  }
  return attack;
}

std::unique_ptr<LocalTrainer> make_attacking_trainer(AttackKind kind,
                                                     std::unique_ptr<LocalTrainer> honest) {
  return std::make_unique<AttackingTrainer>(kind, std::move(honest));
}

}  // namespace tributary::fleet
