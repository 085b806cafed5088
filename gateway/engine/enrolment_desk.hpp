// Who may connect to the site's broker, and how a claiming device becomes one of them: the folders under
// `credentials` on one side, the broker's files and its claim topics on the other (gateway/README.md).
#pragma once

#include "gateway/engine/clock.hpp"
#include "gateway/engine/log.hpp"
#include "gateway/engine/membership.hpp"
#include "gateway/enrolment/claim.hpp"

namespace tributary::gateway::engine {

// Of the io_context thread. Without a broker's folder it does nothing.
class EnrolmentDesk {
 public:
  struct Surroundings {
    const Clock& clock;
    Log log;
    const Membership& members;
    std::function<void(std::string topic, std::string payload)> say;
    // Connects once under this name, which closes whatever session bears it.
    std::function<void(const std::string& name, const enrolment::BrokerKey& key)> close_session;
  };
  // `credentials`: the gateway's folder; empty: nothing is done.
  EnrolmentDesk(Surroundings surroundings, std::filesystem::path credentials);

  // Folders changed, or a device is revoked: the broker's files follow.
  void refresh();
  void revoked(const DeviceId& device);
  void claim(const DeviceId& device, std::string_view payload);
  // The device has shown its certificate: a claim of it has served its purpose.
  void joined(const DeviceId& device);
  void tick();

  // Files that are not as they should be, one a line; empty: all are.
  const std::string& fault() const { return fault_; }

 private:
  struct Closing {
    enrolment::BrokerKey key;
    round::Instant since;
    bool asked;
  };
  std::filesystem::path claim_file(const DeviceId& device, const char* extension) const;
  std::optional<enrolment::BrokerKey> key_in(const std::filesystem::path& file);
  std::optional<enrolment::BrokerKey> device_key(
      const DeviceId& device, const std::map<DeviceId, enrolment::BrokerKey>& older);
  std::optional<enrolment::BrokerNames> names();
  bool write(const enrolment::BrokerNames& names);
  void reload();
  void complain(const std::string& text);

  Surroundings around_;
  std::filesystem::path folder_;
  std::filesystem::path broker_;
  bool enabled_;
  std::filesystem::file_time_type claims_at_{};
  std::map<DeviceId, enrolment::BrokerKey> claims_;
  std::map<DeviceId, Closing> closing_;
  enrolment::ClaimRate rate_;
  bool reload_due_ = false;
  bool told_no_broker_ = false;
  round::Instant reload_at_{};
  std::string fault_;
};

}  // namespace tributary::gateway::engine
