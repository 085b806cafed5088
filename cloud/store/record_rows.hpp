// The public record of what was released, and the helpers' promises about what never will be.
#pragma once

#include "cloud/store/rows.hpp"
#include "storage/database.hpp"

namespace tributary::cloud::store {

// The chain of signed Release records. Of the database's thread; throws storage::Failure.
class ReleaseRows {
 public:
  explicit ReleaseRows(storage::Database& database) : database_(database) {}

  void add(const RoundKey& key, const ReleaseRow& release);
  std::vector<ReleaseRow> of_round(const RoundKey& key);
  std::optional<Hash> last_hash(const TaskId& task);  // the end of the task's chain

 private:
  storage::Database& database_;
};

// VOIDs asked for and received. Of the database's thread; throws storage::Failure.
class VoidRows {
 public:
  explicit VoidRows(storage::Database& database) : database_(database) {}

  void ask(const VoidScope& scope, const HelperId& helper, Time now);
  // False: nobody asked for it.
  bool keep(const VoidScope& scope, const HelperId& helper, std::string_view statement);
  // The helper had answered after all: it can never promise.
  void withdraw(const VoidScope& scope, const HelperId& helper);
  std::vector<VoidScope> asked(const HelperId& helper, std::uint32_t limit);  // oldest first
  // Serialized Signed Voids of a gateway's, or a wider scope's, rounds that began with this model, newest
  // round first.
  std::vector<std::string> kept(const TaskId& task, const std::variant<GatewayId, ScopeId>& place,
                                const Hash& model, std::uint32_t limit);

 private:
  storage::Database& database_;
};

}  // namespace tributary::cloud::store
