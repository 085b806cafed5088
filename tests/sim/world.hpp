// A whole installation in one thread and virtual time: a coordinator, gateways with their brokers and helper
// roles, devices. The same seed and the same calls give the same transcript.
#pragma once

#include "tests/sim/centre.hpp"
#include "tests/sim/gate.hpp"
#include "tests/sim/node.hpp"
#include "uplink.pb.h"

namespace tributary::sim {

struct Shape {
  std::vector<std::uint32_t> devices = {3, 3};  // at each gateway; 0: it only helps
  std::uint32_t n_min = 2;
  std::uint32_t rounds = 2;
  std::uint32_t deadline_seconds = 60;
  std::string more = {};  // further members of the task spec, each with a comma before it
  Authority::Floors floors = {};
};

class World {
 public:
  explicit World(std::uint64_t seed, Shape shape = {});
  ~World();

  // Lets everything happen for this long.
  void run(Span time);
  // Until the condition holds, looked at after every event; false: it did not within `bound`.
  bool until(const std::function<bool()>& condition, Span bound = std::chrono::minutes(10));

  // Everybody starts. false: within a minute not everybody had joined.
  bool join();
  void make_task();
  bool begin() {
    const bool joined = join();
    if (joined) make_task();
    return joined;
  }
  // The open round's context of a gateway; zero when there is none.
  Hash open_context(std::size_t gate);
  bool finished();  // the task will open no further round

  cloud::store::Store& store() { return centre.engine().store; }
  std::vector<Node*> nodes_of(std::size_t gate);
  // The last of these lines are what a failure shows.
  std::string story(std::size_t lines = 60) const;

  const Shape shape;
  Nature nature;
  Authority authority;
  Centre centre;
  Https https;
  std::vector<std::unique_ptr<Broker>> brokers;  // nullptr where the gateway has no devices
  std::vector<std::unique_ptr<Gate>> gates;
  std::vector<std::unique_ptr<Node>> nodes;
  TaskId task{};
  // Every sum a gateway sent, by context and survivors.
  std::map<std::pair<Hash, Hash>, v1::GatewaySum> sums;

 private:
  std::string spec(const Hash& model) const;
  void poll();
};

}  // namespace tributary::sim
