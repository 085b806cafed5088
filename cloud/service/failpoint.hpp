// Places in the gateway and the coordinator at which a test ends the process, as a power cut would, in any
// build: TRIBUTARY_FAILPOINT=<name>, or <name>:<n> for the n-th time the process gets there. Nothing is
// flushed, closed or said. Costs a comparison where the variable is not set.
#pragma once

#include <string>
#include <string_view>

namespace tributary::service {

enum class Failpoint {
  // gateway, in the order of a round
  journal_appended,   // a batch's chunks are written, not synced
  journal_synced,     // synced, the batch's transaction has not begun
  batch_committed,    // durable, nobody has been told
  before_receipt,     // the contribution is durable, its receipt not sent
  survivors_durable,  // the survivors are on disk, no sum has begun
  sum_made,           // the sum exists in memory only
  outbox_answered,    // the coordinator has the message, the outbox does not know
  helper_recorded,    // the helper's one answer is promised, its sum not made
  helper_answered,    // the sum's hash is durable, the answer not in the outbox
  // coordinator
  round_opened,        // contexts are durable, no gateway has heard
  statement_recorded,  // durable, not answered and nothing done about it
  part_combined,       // masks are off, in memory only
  round_released,      // release and next model are durable, nobody has heard
  round_abandoned,     // durable, nobody has heard
};

// "journal-appended" and so on.
std::string_view name_of(Failpoint point);
// Ends the process with SIGKILL when it was asked for. Any thread.
void reach(Failpoint point);
// Why TRIBUTARY_FAILPOINT cannot be meant, empty when it is not set or right. For the program's start.
std::string failpoint_fault();

}  // namespace tributary::service
