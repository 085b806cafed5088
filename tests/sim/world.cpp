#include "tests/sim/world.hpp"

#include <algorithm>

namespace tributary::sim {

World::World(std::uint64_t seed, Shape wanted)
    : shape(std::move(wanted)), nature(seed), centre(nature, authority), https(nature, centre) {
  std::uint32_t fleet = 0;
  for (const auto count : shape.devices) fleet += count;
  std::uint32_t place = 0;
  for (std::size_t g = 0; g < shape.devices.size(); ++g) {
    const auto number = static_cast<std::uint8_t>(g + 1);
    const std::string label = std::to_string(number);
    brokers.push_back(shape.devices[g] > 0 ? std::make_unique<Broker>(nature, "broker " + label)
                                           : nullptr);
    gates.push_back(std::make_unique<Gate>(nature, authority, brokers.back().get(), https, number,
                                           "operator " + label));
    for (std::uint32_t i = 0; i < shape.devices[g]; ++i) {
      nodes.push_back(std::make_unique<Node>(nature, authority, *brokers.back(),
                                             gates.back()->keys.id, place++, fleet, shape.floors));
      gates.back()->enrol(nodes.back()->keys);
    }
  }
  https.witness = [this](const GatewayId&, const Https::Request& request) {
    v1::GatewaySum sum;
    if (!request.target.ends_with("/sum") || !sum.ParseFromString(request.body)) return;
    sums[{*Hash::from(sum.ctx_hash()), *Hash::from(sum.survivors_hash())}] = sum;
  };
}

// Parties end before what they speak through; what their coroutines left is unwound here.
World::~World() {
  for (auto& node : nodes) node->kill();
  for (auto& gate : gates) gate->kill();
  poll();
}

void World::poll() {
  nature.io.restart();
  nature.io.poll();
}

void World::run(Span time) {
  const Span end = nature.timeline.now() + time;
  poll();
  while (nature.timeline.step(end)) poll();
}

bool World::until(const std::function<bool()>& condition, Span bound) {
  const Span end = nature.timeline.now() + bound;
  poll();
  while (!condition()) {
    if (!nature.timeline.step(end)) return condition();
    poll();
  }
  return true;
}

bool World::join() {
  for (auto& gate : gates) gate->start();
  for (auto& node : nodes) node->start();
  return until(
      [this] {
        const auto& members = centre.engine().fleet.members();
        if (members.size() < gates.size()) return false;
        for (std::size_t g = 0; g < gates.size(); ++g) {
          if (members.at(gates[g]->keys.id).roster_size < shape.devices[g]) return false;
        }
        return true;
      },
      std::chrono::minutes(1));
}

void World::make_task() {
  const auto parameters = Node::parameters(static_cast<std::uint32_t>(nodes.size()));
  task = centre.create_task(spec(centre.import_model(parameters)));
}

std::string World::spec(const Hash& model) const {
  std::string list;
  std::string helpers;
  for (std::size_t g = 0; g < gates.size(); ++g) {
    if (shape.devices[g] == 0) continue;
    const auto& helper = gates[(g + 1) % gates.size()]->keys.helper;
    list += (list.empty() ? "\"" : ", \"") + gates[g]->keys.id.hex() + '"';
    helpers += (helpers.empty() ? "\"" : ", \"") + gates[g]->keys.id.hex() + "\": [\"" +
               helper.hex() + "\"]";
  }
  const bool masked = shape.more.find("trusted-gateway") == std::string::npos;
  return R"({"name": "sim", "model": "one-hot", "initial_model": ")" + model.hex() +
         R"(", "gateways": [)" + list + "]" +
         (masked ? R"(, "helpers": {)" + helpers + "}" : std::string()) + R"(, "n_min": )" +
         std::to_string(shape.n_min) + R"(, "rounds": )" + std::to_string(shape.rounds) +
         R"(, "deadline_seconds": )" + std::to_string(shape.deadline_seconds) +
         R"(, "chunk_bytes": 48, "training": {"local_steps": 1})" + shape.more + "}";
}

Hash World::open_context(std::size_t gate) {
  if (!centre.running()) return {};
  const auto* run = centre.engine().rounds.open_round(task);
  const auto part = run ? run->part_of(gates[gate]->keys.id) : std::nullopt;
  return part ? run->parts[*part].row.ctx_hash : Hash{};
}

bool World::finished() {
  return centre.running() && centre.engine().board.ended(task);
}

std::vector<Node*> World::nodes_of(std::size_t gate) {
  std::vector<Node*> found;
  for (const auto& node : nodes) {
    if (node->keys.gateway == gates[gate]->keys.id) found.push_back(node.get());
  }
  return found;
}

std::string World::story(std::size_t lines) const {
  std::string text;
  const auto& all = nature.transcript;
  for (std::size_t i = all.size() > lines ? all.size() - lines : 0; i < all.size(); ++i) {
    text += all[i] + "\n";
  }
  return text;
}

}  // namespace tributary::sim
