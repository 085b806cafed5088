// The helper role of a gateway: answers peer gateways' sum requests, each scope at most once.
// Rules H1..H12 and the crash table are in README.md beside this file.
//
// Driver's duties, in order:
//   1. answer(request, ..) -> Job: hand it to a worker (run(job)), then finish(job, words) on the
//   owner
//      thread; put Answer::body to the coordinator, again and again until it has it.
//      Refusal: put Refusal::body to mask-refusal. Later: ask again after that time, send nothing.
//   2. Losing a Job or an Answer (crash, full queue) is harmless: the same request gives the same
//   bytes.
//   3. void_scope(scope, ..) -> VoidStatement: put the bytes to /v1/voids. Refusal: nothing to
//   send.
// One thread at a time. A device not seen before costs about 0.25 ms (two Ed25519, one X25519) in
// answer(): call it on a worker of its own if the loop must not wait for a new roster.
// A failing disk throws (storage::Failure); nothing has been promised then. After kind full the same call may
// be repeated; after io or corrupt only opening the role anew tells what is on record. All other outcomes are
// values.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "crypto/keys.hpp"
#include "gateway/helper/job.hpp"
#include "gateway/helper/limits.hpp"

namespace tributary::v1 {
class CertifiedKey;
class JointRequest;
class RoundScope;
class SumRequest;
}  // namespace tributary::v1

namespace tributary::gateway::helper {

// From the credentials folder; see cloud/api/README.md.
struct Identity {
  std::string tenant;       // of the helper's certificate
  HelperId id;              // helper.id
  GatewayId own_gateway;    // gateway.id: never helped, it would hold both shares
  crypto::SigningKey key;   // helper.key
  std::string certificate;  // helper.cert, serialized Signed
  VerifyKey authority;      // authority.pub
  VerifyKey coordinator;    // coordinator.pub
};

// A signed MaskRefusal and the same in words for the log.
struct Refusal {
  Hash ctx_hash;
  std::string body;  // serialized MaskRefusal
  std::string text;  // names the rule and the thing
};
// Over the task's rate limit (H12): nothing was decided.
struct Later {
  std::chrono::seconds wait;
};
using Decision = std::variant<Job, Refusal, Later>;

struct Answer {
  Hash ctx_hash;
  std::string body;  // serialized MaskSum
};
// The key epoch ended between answer() and finish(), the combiner key is unusable, or the bytes
// differ from those recorded: the answer must not leave. For the log; the round is lost, no secret
// is.
struct Unfinished {
  std::string text;
};

struct VoidStatement {
  std::string body;  // serialized Signed Void, label "void"; the same bytes at every call
};
struct VoidRefusal {
  std::string text;  // answered already, malformed, or another tenant's
};

class HelperRole {
 public:
  // Opens or creates helper.db and helper.marker in `folder` (exists, mode 0700). A database that
  // does not fit its marker (restored, copied, first start) gets a new epoch: certified_key()
  // changes.
  static std::unique_ptr<HelperRole> open(const std::filesystem::path& folder, Identity identity,
                                          Limits limits, UnixTime now);
  HelperRole(const HelperRole&) = delete;
  HelperRole& operator=(const HelperRole&) = delete;
  ~HelperRole();

  // For GatewayKeys.helper. The epoch key is the current one.
  v1::CertifiedKey certified_key() const;
  std::uint32_t epoch() const;
  UnixTime epoch_ends() const;  // call rotate() then
  // What open() found: why a new epoch was made, empty when none was.
  const std::string& epoch_reason() const;
  // Ends the epoch and destroys its secret; every round that names it is refused from now on.
  void rotate(UnixTime now);

  // `roster`: bytes of the Roster the context names (GET /v1/rosters/{hash}). `gateway`: certified
  // key of the requesting gateway; only its certificate is used. `revoked`: devices no longer
  // trusted. When a Job is returned the record is durable: this scope now answers these survivors
  // or nobody.
  Decision answer(const v1::SumRequest& request, std::string_view roster,
                  const v1::CertifiedKey& gateway, const std::set<DeviceId>& revoked, UnixTime now);
  // The gateways of a wider scope at once, answered with one sum over all of them: `rosters` in the order of
  // the leaves, whose `gateway` keys are used. Refused where a single leaf would be, and H5 to H7 over all.
  Decision answer(const v1::JointRequest& request, std::span<const std::string_view> rosters,
                  const std::set<DeviceId>& revoked, UnixTime now);
  // `words` = run(job). The hash of the sealed bytes is durable before they are returned.
  std::variant<Answer, Unfinished> finish(const Job& job, ByteView words);

  // Promises that the scope will never be answered. Irrevocable.
  std::variant<VoidStatement, VoidRefusal> void_scope(const v1::RoundScope& scope, UnixTime now);

 private:
  struct State;
  explicit HelperRole(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tributary::gateway::helper
