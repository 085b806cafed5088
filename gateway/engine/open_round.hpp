// A round at this site with everything that belongs to it; plain data of the io_context thread.
#pragma once

#include "gateway/engine/admission.hpp"
#include "gateway/engine/pairwise_sum.hpp"
#include "gateway/engine/site_board.hpp"
#include "gateway/engine/writer.hpp"
#include "gateway/round/round.hpp"

namespace tributary::gateway::engine {

using DeviceKeys = std::map<DeviceId, ExchangeKey>;

struct OpenRound {
  Admitted admitted;
  std::string context;    // the bytes received
  std::string signature;  // the coordinator's
  std::shared_ptr<const std::string> model;
  DeviceKeys device_keys;  // of the roster the context names
  round::Round machine;
  JournalPtr journal;               // nullptr once the round is over
  std::uint64_t journal_bytes = 0;  // appended
  // One worker at a time reads the journal; what was asked meanwhile waits here.
  bool adding_up = false;
  std::optional<round::ComputeSum> next_sum = std::nullopt;
  bool delete_when_idle = false;
  SiteBoard::Voids voids = {};  // as the coordinator said last
  // Mode pairwise; nullptr in the others. The heads are filled in when the round is durable.
  std::shared_ptr<PairwiseRound> pairwise = nullptr;
};

}  // namespace tributary::gateway::engine
