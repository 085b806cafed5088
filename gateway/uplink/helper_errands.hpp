// What the coordinator wants of this gateway's helper role: sums for peers and voids, one at a time.
#pragma once

#include <map>

#include "gateway/engine/site.hpp"
#include "gateway/uplink/bell.hpp"
#include "gateway/uplink/link.hpp"

namespace tributary::gateway::uplink {

class HelperErrands {
 public:
  HelperErrands(std::unique_ptr<Alarm> alarm, engine::Site& site, const engine::Clock& clock,
                Link& link)
      : site_(site), clock_(clock), link_(link), bell_(std::move(alarm)) {}

  boost::asio::awaitable<void> run();  // never returns
  void want(const v1::Work& work);     // replaces what was wanted before

 private:
  using Roster = std::shared_ptr<const std::string>;
  using Outcome = engine::HelperDesk::Outcome;
  boost::asio::awaitable<void> help(std::shared_ptr<const v1::SumRequest> request, Hash errand);
  boost::asio::awaitable<void> promise(std::shared_ptr<const v1::RoundScope> scope, Hash errand);
  boost::asio::awaitable<Roster> fetch_roster(Hash hash);  // nullptr: not now
  // Whether the errand is to be run: it was not done lately, and is not waiting.
  bool ready(const Hash& errand) const;
  void finish(const Hash& errand, Outcome outcome);

  engine::Site& site_;
  const engine::Clock& clock_;
  Link& link_;
  Bell bell_;
  std::shared_ptr<const v1::Work> work_;
  std::map<Hash, round::Instant> not_before_;     // errands done or put off
  std::vector<std::pair<Hash, Roster>> rosters_;  // of peers, the last ones used
};

}  // namespace tributary::gateway::uplink
