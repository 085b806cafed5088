// A coordinator with gateways, helpers and devices as real as their signatures and masks, without
// sockets. Time and workers belong to the test.
#pragma once

#include <deque>
#include <filesystem>

#include "cloud/engine/coordinator.hpp"
#include "crypto/mask.hpp"
#include "crypto/upload.hpp"

namespace tributary::tests {

using cloud::engine::Coordinator;

// A folder that is removed with the object.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct SiteGateway {
  GatewayId id;
  HelperId helper;
  std::string operated_by;
  crypto::SigningKey identity;
  crypto::SigningKey helper_identity;
  crypto::ExchangeSecret helper_epoch;
  std::vector<DeviceId> devices;  // ascending
};

// One gateway's contribution to a round, as bodies ready to be sent.
struct Contribution {
  crypto::WordSums truth;  // of the survivors
  std::string sum;
  std::string mask_sum;
  Hash survivors_hash;
  Bytes masks;  // their sum
};

struct NoObserver : cloud::engine::Observer {
  void round_released(std::uint32_t, std::uint64_t, double) override {}
  void round_abandoned() override {}
  void part_combined(double, bool) override {}
};

class SiteWorld {
 public:
  explicit SiteWorld(std::size_t gateways = 2, std::size_t devices = 4);

  Coordinator& coordinator() { return *coordinator_; }
  const std::filesystem::path& folder() const { return folder_.path(); }  // of its database
  // Opens everything anew from the disk, as after a kill.
  void restart();
  void stop() { coordinator_.reset(); }

  std::vector<SiteGateway> gateways;
  cloud::store::Time now{std::chrono::seconds{1'800'000'000}};
  std::deque<std::pair<std::function<void()>, std::function<void()>>> jobs;
  bool run_jobs_at_once = true;
  std::vector<std::string> said;

  // Gives the coordinator a helper role of its own (again after restart()); its id.
  HelperId help_itself();
  void pass(std::chrono::milliseconds time);  // and tick
  void run_jobs();

  std::string keys_of(const SiteGateway& gateway, bool with_helper = true) const;
  std::string roster_of(const SiteGateway& gateway) const;
  void join(const SiteGateway& gateway);
  void join_all();
  // Imports a model of d parameters, all `value`; its hash.
  Hash import_model(std::uint32_t parameters, float value = 0);
  std::string spec(const Hash& model, const std::string& more = "") const;
  // A task whose first round is open.
  TaskId start_task(const std::string& more = "", std::uint32_t parameters = 5);

  const cloud::engine::RoundRun& round(const TaskId& task);
  Hash ctx_of(const TaskId& task, const SiteGateway& gateway);
  // What the gateway and its helper would send for these survivors (positions in its roster).
  Contribution contribute(const TaskId& task, const SiteGateway& gateway,
                          const std::vector<std::size_t>& survivors, bool garbage = false);
  std::string refuse(const TaskId& task, const SiteGateway& gateway, const Hash& survivors_hash,
                     const std::vector<DeviceId>& devices);
  // What a helper of a wider scope says about the question `joint`.
  std::string joint_mask_sum(const SiteGateway& helper, const Hash& joint, ByteView masks) const;
  static std::string joint_refusal(const SiteGateway& helper, const Hash& joint,
                                   const std::vector<DeviceId>& devices);
  static std::string joint_void(const SiteGateway& helper, const TaskId& task, std::uint64_t round,
                                const ScopeId& scope);
  std::string abandon_body(const TaskId& task, const SiteGateway& gateway);
  std::string void_body(const TaskId& task, std::uint64_t round, const SiteGateway& gateway);
  // The gateway whose helper role helps this one: the next.
  const SiteGateway& helper_of(const SiteGateway& gateway) const;
  void release_round(const TaskId& task);  // everybody contributes

 private:
  std::string mask_sum_of(const SiteGateway& helper, const crypto::JointLeaf& about,
                          ByteView masks) const;
  static std::string refusal_of(const SiteGateway& helper, const crypto::JointLeaf& about,
                                const std::vector<DeviceId>& devices);
  v1::CertifiedKey certified(const std::array<std::uint8_t, 16>& id, v1::Role role,
                             const std::string& operated_by, const crypto::SigningKey& key,
                             const crypto::ExchangeSecret& epoch) const;

  Folder folder_;
  crypto::SigningKey authority_ = crypto::SigningKey::random();
  crypto::SigningKey own_ = crypto::SigningKey::random();
  crypto::ExchangeSecret combiner_ = crypto::ExchangeSecret::random();
  crypto::SigningKey own_helper_ = crypto::SigningKey::random();
  crypto::ExchangeSecret epoch_ = crypto::ExchangeSecret::random();
  std::uint8_t tasks_ = 0;
  std::uint8_t beacons_ = 0;
  NoObserver observer_;
  std::unique_ptr<Coordinator> coordinator_;
};

}  // namespace tributary::tests
