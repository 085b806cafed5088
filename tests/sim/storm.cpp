#include "tests/sim/storm.hpp"

#include <array>

namespace tributary::sim {
namespace {

constexpr Span storm_length{30'000};
constexpr std::array<Span, 4> pauses{Span(60), Span(250), Span(800), Span(2500)};
constexpr std::array<Span, 3> outages{Span(200), Span(2000), Span(8000)};
constexpr std::uint64_t most_spared_batches = 12;

Shape shape_of(Chance& chance) {
  Shape shape;
  shape.devices = {static_cast<std::uint32_t>(2 + chance.below(4)),
                   static_cast<std::uint32_t>(chance.below(4))};
  if (shape.devices[1] == 1) shape.devices[1] = 2;
  shape.n_min = 2;
  shape.rounds = static_cast<std::uint32_t>(4 + chance.below(9));
  shape.deadline_seconds = static_cast<std::uint32_t>(10 + chance.below(30));
  if (chance.happens(0.5)) shape.more = R"(, "patience_seconds": 5)";
  return shape;
}

Weather weather_of(Chance& chance) {
  Weather weather;
  if (chance.happens(0.7)) weather.loss = 0.002 * static_cast<double>(chance.below(50));
  if (chance.happens(0.7)) weather.duplicate = 0.01 * static_cast<double>(chance.below(30));
  weather.delay = Span(1) + chance.span(Span(chance.happens(0.5) ? 5 : 150));
  weather.jitter = chance.span(Span(300));
  weather.reorder = chance.happens(0.5);
  return weather;
}

// What may never go back, whoever dies.
class Ratchet {
 public:
  void look(World& world, Wrongs& wrongs) {
    if (!world.centre.running()) return;
    const auto* task = world.centre.engine().board.find(world.task);
    if (task == nullptr) return;
    const auto& progress = task->row.progress;
    if (progress.round < round_ || progress.released < released_) {
      wrongs.push_back("the ledger of rounds went back");
    }
    round_ = progress.round;
    released_ = progress.released;
  }

 private:
  std::uint64_t round_ = 0;
  std::uint32_t released_ = 0;
};

void count(World& world, Course& course) {
  for (const auto& round : world.store().rounds.of_task(world.task, 0, 1000)) {
    course.released += round.state == cloud::store::RoundState::released ? 1 : 0;
    course.abandoned += round.state == cloud::store::RoundState::abandoned ? 1 : 0;
  }
}

}  // namespace

template <class Party>
Party& Storm::one_of(std::vector<std::unique_ptr<Party>>& parties) {
  for (;;) {
    auto& party = parties[chance_.below(parties.size())];
    if (party) return *party;
  }
}

Storm::Storm(World& world)
    : world_(world),
      longest_pause_(pauses[chance_.below(pauses.size())]),
      longest_outage_(outages[chance_.below(outages.size())]) {}

void Storm::rage(Span length) {
  world_.nature.weather = weather_of(chance_);
  end_ = world_.nature.timeline.now() + length;
  strike_again();
}

void Storm::strike_again() {
  world_.nature.timeline.after(life_, moment(longest_pause_), [this] {
    strike();
    if (world_.nature.timeline.now() < end_) strike_again();
  });
}

void Storm::strike() {
  switch (chance_.below(6)) {
    case 0:
    case 1:
      return hit_gate();
    case 2:
      return hit_centre();
    case 3:
      return hit_node();
    case 4:
      return hit_broker();
    default:
      return cut_line();
  }
}

void Storm::hit_gate() {
  Gate& gate = one_of(world_.gates);
  switch (chance_.below(3)) {
    case 0:
      gate.kill();
      break;
    case 1:
      gate.kill_in_batch(static_cast<Gate::Moment>(chance_.below(4)),
                         chance_.below(most_spared_batches));
      break;
    default:
      gate.kill_in(chance_.below(40));
  }
  world_.nature.timeline.after(life_, outage(), [&gate] { gate.start(); });
}

void Storm::hit_centre() {
  Centre& centre = world_.centre;
  if (chance_.happens(0.5)) {
    centre.kill();
  } else {
    centre.kill_in(chance_.below(6));
  }
  world_.nature.timeline.after(life_, outage(), [&centre] { centre.start(); });
}

void Storm::hit_node() {
  Node& node = one_of(world_.nodes);
  if (chance_.happens(0.3)) {
    node.kill();
  } else {
    node.kill_in(chance_.below(10));
  }
  world_.nature.timeline.after(life_, outage(), [&node] { node.start(); });
}

void Storm::hit_broker() {
  Broker& broker = one_of(world_.brokers);
  if (chance_.happens(0.5))
    return broker.drop(chance_.happens(0.5) ? "gateway" : one_of(world_.nodes).user());
  broker.kill(chance_.happens(0.5));
  world_.nature.timeline.after(life_, outage(), [&broker] { broker.start(); });
}

void Storm::cut_line() {
  if (chance_.happens(0.5)) {
    const auto gateway = one_of(world_.gates).keys.id;
    world_.https.cut.insert(gateway);
    world_.nature.timeline.after(life_, outage(),
                                 [this, gateway] { world_.https.cut.erase(gateway); });
    return;
  }
  Broker& broker = one_of(world_.brokers);
  const auto user = chance_.happens(0.3) ? std::string("gateway") : one_of(world_.nodes).user();
  broker.cut(user);
  world_.nature.timeline.after(life_, outage(), [&broker, user] { broker.mend(user); });
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

Course run_seed(std::uint64_t seed) {
  Chance chance(seed);
  World world(chance.next(), shape_of(chance));
  Course course;
  if (!world.begin()) course.wrongs.push_back("not everybody joined");
  Storm storm(world);
  Ratchet ratchet;
  storm.rage(storm_length);
  const auto over = [&] { return ratchet.look(world, course.wrongs), world.finished(); };
  world.until(over, storm_length);
  storm.calm();
  if (!world.until(over, std::chrono::minutes(20))) {
    course.wrongs.push_back("20 minutes after the storm the task has not come to an end");
  }
  for (auto& wrong : all_wrongs(world)) course.wrongs.push_back(std::move(wrong));
  count(world, course);
  course.transcript = std::move(world.nature.transcript);
  return course;
}

}  // namespace tributary::sim
