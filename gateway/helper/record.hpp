// The one-time record (rules H5, H6 and the log of H12): per scope OPEN -> ANSWERED | VOID, never back.
// Every promise is durable in helper.db, and counted in its marker, when the call returns.
#pragma once

#include <span>
#include <variant>

#include "gateway/helper/fault.hpp"
#include "gateway/helper/instance.hpp"
#include "gateway/helper/limits.hpp"
#include "gateway/helper/scope.hpp"

namespace tributary::gateway::helper {

struct Open {};
struct Answered {
  Hash survivors_hash;
  UnixTime at;
};
struct Voided {
  std::string body;  // the Signed Void
};
using Standing = std::variant<Open, Answered, Voided>;

class Record {
 public:
  // Rounds this far below the task's highest answered one are refused at every gateway, so that the
  // devices that took part in them may be forgotten.
  static constexpr std::uint64_t horizon = 64;

  // Both outlive the record.
  Record(storage::Database& database, Instance& instance);

  Standing standing(const ScopeKey& scope) const;

  // OPEN -> ANSWERED for these survivors and nothing else; nothing changes when a fault is returned.
  // Again with the same survivors: no fault, nothing changes.
  // `task_scope`: the context's Scope, fixed by the first answer of the task.
  std::optional<Fault> answer(const ScopeKey& scope, v1::Scope task_scope,
                              const Hash& survivors_hash, std::span<const DeviceId> devices,
                              UnixTime now);
  // Records the hash of the answer's bytes the first time. False: another hash is recorded, or the
  // scope was not answered for these survivors.
  bool respond(const ScopeKey& scope, const Hash& survivors_hash, const Hash& response_hash);
  // OPEN -> VOID with `body`. Again: no change. Returns the body on record, nullopt: ANSWERED.
  std::optional<std::string> void_scope(const ScopeKey& scope, std::string_view body, UnixTime now);

 private:
  std::optional<Fault> compare_and_set(const ScopeKey& scope, v1::Scope task_scope,
                                       const Hash& survivors_hash,
                                       std::span<const DeviceId> devices, UnixTime now);
  std::optional<Fault> check_task(const ScopeKey& scope, v1::Scope task_scope) const;
  std::optional<Fault> check_round(const ScopeKey& scope) const;
  std::optional<Fault> check_unanswered(const ScopeKey& scope,
                                        std::span<const DeviceId> devices) const;
  void write_answer(const ScopeKey& scope, v1::Scope task_scope, const Hash& survivors_hash,
                    std::span<const DeviceId> devices, UnixTime now);

  storage::Database& database_;
  Instance& instance_;
};

}  // namespace tributary::gateway::helper
