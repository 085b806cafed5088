// What the devices of the process went through, counted. Every member is written by any worker and
// read by the status line.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tributary::fleet {

struct Tally {
  static constexpr std::size_t kPhases = 7;    // trib_phase
  static constexpr std::size_t kReasons = 17;  // RejectReason
  using Count = std::atomic<std::uint64_t>;

  std::array<std::atomic<std::int64_t>, kPhases> in_phase{};  // devices now; vanished ones in none
  std::atomic<std::int64_t> connected{0};                     // sessions up now
  std::atomic<std::int64_t> away{0};                          // vanished and not yet back
  Count rounds_begun{0};                                      // offers that a device took up
  Count contributed{0};                                       // headers sent, once per upload
  Count receipts{0};                                          // valid receipts
  Count prekeys{0};                                           // sent in mode pairwise, again too
  Count vows{0};                                              // of witnesses, likewise
  Count reveals{0};                                           // messages of shares, likewise
  Count vanished{0};                                          // rounds cut by --dropout
  Count connection_failures{0};                               // refused, timed out or lost
  Count storage_failures{0};                                  // of records or true vectors
  std::array<Count, kReasons> rejects{};                      // by RejectReason
};

}  // namespace tributary::fleet
