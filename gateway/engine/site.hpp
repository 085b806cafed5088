// One site: devices on one side, the coordinator's wishes on the other, rounds in between. Owns the
// state on disk and everything that changes it. Belongs to one thread, the owner's; has none of its own: the
// owner drives its writer(), its workers and its clock (SiteThreads in a program).
#pragma once

#include "gateway/engine/enrolment_desk.hpp"
#include "gateway/engine/group_desk.hpp"
#include "gateway/engine/helper_desk.hpp"
#include "gateway/engine/membership.hpp"
#include "gateway/engine/refusals.hpp"
#include "gateway/engine/roster_board.hpp"
#include "gateway/engine/rounds.hpp"
#include "gateway/engine/steering_desk.hpp"
#include "gateway/engine/submit.hpp"

namespace tributary::gateway::engine {

struct SiteOptions {
  std::string name;                  // said to the coordinator
  std::filesystem::path state;       // folder, exists, mode 0700
  std::filesystem::path allow_list;  // folder of <hex device id>.cert
  std::uint64_t store_bytes;
  std::uint64_t rule_bytes;
  std::size_t queue_bytes;
  std::size_t credit_bytes;
  round::Limits limits;
  std::uint64_t outbox_bytes = std::uint64_t{1}
                               << 30;  // no round is opened whose sum would not fit
  std::filesystem::path
      credentials{};  // with the broker's files and claims; empty: not ours to write
};

// How the site speaks; all run on the owner's thread.
struct SitePorts {
  Answers::Publish publish;             // to one device
  SiteBoard::Publish publish_retained;  // to all
  std::function<void()> outbox_grew;
  std::function<void()> announcement_changed;          // keys(), roster() or readiness()
  std::function<void(const std::string& why)> broken;  // the disk failed: end the process
  // Connects to the broker once under this name, which closes whatever session bears it.
  std::function<void(const std::string& name, const enrolment::BrokerKey& key)> close_session{};
};

// A round that waits for its model.
struct NewRound {
  Admitted admitted;
  v1::Offer offer;
};

class Site {
 public:
  // Opens or creates the state and recovers what was going on. Throws storage::Failure.
  Site(Identity identity, SiteOptions options, SitePorts ports, Workers workers, Clock clock,
       Metrics& metrics, Log log);
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  // A helper role, if this gateway has one; before start().
  void help(std::unique_ptr<helper::HelperRole> role);
  void start();
  void tick();  // about ten times a second

  // From the broker.
  void broker_connected();
  void message(std::string_view topic, std::string_view payload, bool retained);

  // For the coordinator.
  std::string keys() const;  // serialized GatewayKeys
  std::shared_ptr<const KnownRoster> roster() const { return rosters_.newest(); }
  const std::vector<Readiness>& readiness() const { return groups_->readiness(); }
  // Takes in everything but new rounds, which are returned.
  std::vector<NewRound> take(const v1::Work& work);
  void open(NewRound round, std::shared_ptr<const std::string> model);
  HelperDesk* helper() { return helper_.get(); }  // nullptr: this gateway helps nobody
  Writer& writer() { return *writer_; }
  void enqueue(Forward forward);  // into the outbox
  void outbox_holds(storage::Outbox::Size size) { rounds_->outbox_holds(size); }

  // A copy of the database in `target`, from the writer's thread; `done` with what went wrong, or empty.
  void back_up(std::filesystem::path target, std::function<void(const std::string& fault)> done);

  // Why nothing new is accepted for lack of space, empty: there is room.
  std::string storage_fault() const;
  // Files of the broker that are not used for what is wrong with them, one a line.
  const std::string& broker_files_fault() const { return enrolment_->fault(); }
  std::size_t open_rounds() const { return rounds_->open_count(); }

 private:
  struct OnDisk;
  static OnDisk load(Store& store);
  OnDisk load_or_begin_anew(Store& store);
  void writer_stalled(const std::string& why);
  void resume(OnDisk on_disk);
  void hello(const DeviceId& device, std::string_view payload);
  void welcome(const DeviceId& device, const v1::CertifiedKey& key, const Hash& epoch_key_hash);
  template <class Message>
  void control(const DeviceId& device, std::string_view payload,
               void (Rounds::*receive)(const DeviceId&, const Message&));
  void group_message(const wire::UpTopic& topic, std::string_view payload);
  void told(const wire::UpTopic& topic, std::string_view payload);
  void revoke(const DeviceId& device);
  void refresh_members();
  void renew_epoch();
  void make_roster();
  void publish_keys();
  void learn_helper_keys(const v1::Work& work);
  bool allowed(const DeviceId& device) const;

  Identity identity_;
  SiteOptions options_;
  SitePorts ports_;
  Clock clock_;
  Metrics& metrics_;
  Log log_;
  Workers workers_;
  std::unique_ptr<EpochKeys> epoch_keys_;
  std::unique_ptr<PairKeys> pair_keys_;
  std::unique_ptr<Membership> members_;
  Answers answers_;
  SiteBoard board_;
  RosterBoard rosters_;
  v1::SiteKeys helper_keys_;  // of the open rounds, as the coordinator says
  std::set<Hash> declined_;   // offers that were refused and logged
  Retained retained_;
  Store* store_ = nullptr;  // the writer's: for what is done on its thread
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<GroupDesk> groups_;
  std::unique_ptr<SteeringDesk> steering_;
  std::unique_ptr<EnrolmentDesk> enrolment_;
  std::unique_ptr<Rounds> rounds_;
  std::unique_ptr<HelperDesk> helper_;
};

}  // namespace tributary::gateway::engine
