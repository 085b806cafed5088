// Asks the coordinator what it wants, again and again, and takes it in: outcomes, drops, new rounds.
#pragma once

#include "gateway/engine/site.hpp"
#include "gateway/uplink/bell.hpp"
#include "gateway/uplink/link.hpp"

namespace tributary::gateway::uplink {

class WorkPoll {
 public:
  // `helper_work` gets every new Work after the site has taken it in.
  WorkPoll(std::unique_ptr<Alarm> alarm, engine::Site& site, Link& link,
           std::function<void(const v1::Work&)> helper_work)
      : site_(site), link_(link), helper_work_(std::move(helper_work)), pause_(std::move(alarm)) {}

  boost::asio::awaitable<void> run();  // never returns
  void again() { pause_.ring(); }      // the coordinator is back: no need to wait

 private:
  using Model = std::shared_ptr<const std::string>;
  boost::asio::awaitable<bool> poll();  // false: try again after a pause
  boost::asio::awaitable<bool> take_in(std::shared_ptr<const v1::Work> work);
  boost::asio::awaitable<Model> fetch_model(Hash hash, std::size_t size);  // nullptr: not now

  engine::Site& site_;
  Link& link_;
  std::function<void(const v1::Work&)> helper_work_;
  Bell pause_;
  std::string seen_;  // version of the work that was taken in as a whole
  Hash model_hash_{};
  Model model_;  // the last one fetched: the next attempt of a round needs it again
};

}  // namespace tributary::gateway::uplink
