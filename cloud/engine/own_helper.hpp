// The coordinator as a helper in its own process: the role of gateway/helper, fed from the same Work that the
// API would show to that helper, answering through the same RoundDesk functions as a gateway.
#pragma once

#include "cloud/engine/round_desk.hpp"
#include "gateway/helper/errand.hpp"

namespace tributary::cloud::engine {

struct HelperSettings {
  std::filesystem::path credentials;  // holds helper.id, helper.key, helper.cert
  std::filesystem::path state;        // created, mode 0700: helper.db, helper.marker
  std::uint32_t n_min = 3;            // own floor (H1)
};

// Of the owner's thread; one errand at a time is on a worker. Throws storage::Failure.
class OwnHelper {
 public:
  // Opens the role and makes it known to the fleet. Throws CredentialFault.
  OwnHelper(const HelperSettings& settings, const Desk& desk, RoundDesk& rounds);

  // Takes up what is wanted next. About four times a second; also goes on by itself.
  void tick();

 private:
  using Errand = gateway::helper::Errand;
  struct Wanted {
    Hash name;  // of the request
    std::function<Errand()> work;
  };
  std::optional<Wanted> next();
  template <class Request>
  std::optional<Wanted> sum(const Request& request,
                            const std::vector<const v1::SumRequest*>& leaves);
  std::optional<Wanted> promise(const v1::RoundScope& scope);
  bool put_off(const Hash& name) const;
  void run(Wanted wanted);
  void finish(const Hash& name, Errand errand);
  Result<> deliver(const Errand& errand);
  void rotate();
  gateway::helper::UnixTime now() const;

  Desk desk_;
  RoundDesk& rounds_;
  std::unique_ptr<gateway::helper::HelperRole> role_;  // of the worker while busy_
  GatewayId id_;                                       // what the fleet knows it by
  std::chrono::sys_seconds epoch_ends_;
  bool busy_ = false;
  std::string seen_;       // the version of the work that held nothing to do
  store::Time look_at_{};  // when to look again whatever the version
  std::map<Hash, store::Time> not_before_;
};

}  // namespace tributary::cloud::engine
