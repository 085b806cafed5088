// The coordinator as a process: engine and routes are the real ones; it dies and comes back on its folder.
#pragma once

#include "cloud/engine/coordinator.hpp"
#include "cloud/server/route_table.hpp"
#include "tests/sim/authority.hpp"
#include "tests/sim/folder.hpp"
#include "tests/sim/nature.hpp"

namespace tributary::sim {

// Thrown out of an effect: the process is gone.
struct Killed {};

class Centre : public cloud::engine::Observer {
 public:
  Centre(Nature& nature, const Authority& authority);
  ~Centre() override;

  void start();
  void kill();
  bool running() const { return engine_ != nullptr; }
  cloud::engine::Coordinator& engine() { return *engine_; }
  const std::filesystem::path& folder() const { return folder_.path(); }

  // Dies instead of its `effects`-th next log line or job: in the middle of what it does.
  void kill_in(std::uint64_t effects) { fuse_ = effects; }
  void disarm() { fuse_.reset(); }

  // A request of a gateway, now. `reply` runs once: now or when the long poll ends; never after a kill.
  void ask(const GatewayId& gateway, const std::string& method, const std::string& target,
           const std::string& body, std::function<void(cloud::server::Answer)> reply);

  Hash import_model(std::uint32_t parameters);
  // The task runs at once; what is wrong with the spec is thrown as std::runtime_error.
  TaskId create_task(const std::string& spec);

  std::vector<std::string> log;          // of all lives
  std::function<void()> on_end = [] {};  // was killed, or killed itself
  std::function<void()> before_start = [] {};

 private:
  struct Waiting {
    cloud::server::Call call;
    const cloud::server::Route* route;
    std::function<void(cloud::server::Answer)> reply;
  };
  void round_released(std::uint32_t, std::uint64_t, double) override {}
  void round_abandoned() override {}
  void part_combined(double, bool) override {}

  cloud::engine::World world();
  void burn();
  void guarded(const std::function<void()>& work);
  void beat();
  void carry_out(std::shared_ptr<Waiting> waiting);
  void wake(const GatewayId& gateway);

  Nature& nature_;
  const Authority& authority_;
  Folder folder_;
  Life life_ = new_life();
  std::uint32_t lives_ = 0;
  std::uint8_t tasks_ = 0;
  std::optional<std::uint64_t> fuse_;
  std::unique_ptr<cloud::engine::Coordinator> engine_;
  std::multimap<GatewayId, std::shared_ptr<Waiting>> room_;
};

}  // namespace tributary::sim
