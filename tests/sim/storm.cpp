#include "tests/sim/storm.hpp"

namespace tributary::sim {
namespace {

constexpr std::uint64_t most_spared_batches = 12;

}  // namespace

template <class Party>
Party& Storm::one_of(std::vector<std::unique_ptr<Party>>& parties) {
  for (;;) {
    auto& party = parties[own_.below(parties.size())];
    if (party) return *party;
  }
}

std::string Storm::one_user() {
  return own_.happens(0.4) ? std::string("gateway") : one_of(world_.nodes).user();
}

Storm::Storm(World& world, const Mix& mix) : world_(world), mix_(mix) {}

void Storm::rage() {
  world_.nature.weather = mix_.weather;
  end_ = world_.nature.timeline.now() + mix_.length;
  strike_again();
}

void Storm::strike_again() {
  world_.nature.timeline.after(life_, Span(1) + chance_.span(mix_.longest_pause), [this] {
    strike();
    if (world_.nature.timeline.now() < end_) strike_again();
  });
}

// A class that is not in the mix misses, so that the others strike when they did with it.
void Storm::strike() {
  const auto fault = static_cast<Fault>(chance_.below(fault_classes));
  own_ = Chance(chance_.next());
  const bool spared = ++strikes_ <= mix_.spared;
  if (spared || !mix_.faults.contains(fault)) return;
  ++hits_;
  hit(fault);
}

void Storm::hit(Fault fault) {
  switch (fault) {
    case Fault::gateway_dies:
    case Fault::gateway_in_batch:
    case Fault::gateway_silent:
      return hit_gate(fault);
    case Fault::coordinator_dies:
    case Fault::coordinator_midway:
      return hit_centre(fault);
    case Fault::device_dies:
    case Fault::device_midway:
      return hit_node(fault);
    case Fault::broker_dies:
    case Fault::broker_forgets:
    case Fault::session_drops:
      return hit_broker(fault);
    case Fault::line_cut:
      return cut_line();
    case Fault::session_cut:
      return cut_session();
  }
}

void Storm::heal_after_outage(std::function<void()> heal) {
  world_.nature.timeline.after(life_, Span(1) + own_.span(mix_.longest_outage), std::move(heal));
}

void Storm::hit_gate(Fault fault) {
  Gate& gate = one_of(world_.gates);
  if (fault == Fault::gateway_dies) {
    gate.kill();
  } else if (fault == Fault::gateway_in_batch) {
    gate.kill_in_batch(static_cast<Gate::Moment>(own_.below(4)), own_.below(most_spared_batches));
  } else {
    gate.kill_in(own_.below(40));
  }
  heal_after_outage([&gate] { gate.start(); });
}

void Storm::hit_centre(Fault fault) {
  Centre& centre = world_.centre;
  if (fault == Fault::coordinator_dies) {
    centre.kill();
  } else {
    centre.kill_in(own_.below(6));
  }
  heal_after_outage([&centre] { centre.start(); });
}

void Storm::hit_node(Fault fault) {
  Node& node = one_of(world_.nodes);
  if (fault == Fault::device_dies) {
    node.kill();
  } else {
    node.kill_in(own_.below(10));
  }
  heal_after_outage([&node] { node.start(); });
}

void Storm::hit_broker(Fault fault) {
  Broker& broker = one_of(world_.brokers);
  if (fault == Fault::session_drops) return broker.drop(one_user());
  broker.kill(fault == Fault::broker_dies);
  heal_after_outage([&broker] { broker.start(); });
}

void Storm::cut_line() {
  const auto gateway = one_of(world_.gates).keys.id;
  world_.https.cut.insert(gateway);
  heal_after_outage([this, gateway] { world_.https.cut.erase(gateway); });
}

void Storm::cut_session() {
  Broker& broker = one_of(world_.brokers);
  const auto user = one_user();
  broker.cut(user);
  heal_after_outage([&broker, user] { broker.mend(user); });
}

void Storm::calm() {
  *life_ = false;
  world_.nature.weather = {};
  world_.https.cut.clear();
  world_.nature.note("calm");
  for (auto& broker : world_.brokers) {
    if (!broker) continue;
    broker->start();
    broker->mend("gateway");
    for (auto& node : world_.nodes) broker->mend(node->user());
  }
  world_.centre.disarm();
  world_.centre.start();
  for (auto& gate : world_.gates) {
    gate->disarm();
    gate->start();
  }
  for (auto& node : world_.nodes) {
    node->disarm();
    node->start();
  }
}

}  // namespace tributary::sim
