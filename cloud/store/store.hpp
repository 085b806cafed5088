// The coordinator's database, by noun. When a call outside atomically() returns, it is durable.
#pragma once

#include <filesystem>

#include "cloud/store/gateway_rows.hpp"
#include "cloud/store/group_rows.hpp"
#include "cloud/store/model_rows.hpp"
#include "cloud/store/old_rows.hpp"
#include "cloud/store/record_rows.hpp"
#include "cloud/store/round_rows.hpp"
#include "cloud/store/task_rows.hpp"

namespace tributary::cloud::store {

// Of one thread. Every call throws storage::Failure.
class Store {
 public:
  // coordinator.db in `folder`, which exists. See storage::Database for what a corrupt file does.
  Store(const std::filesystem::path& folder, std::chrono::sys_seconds now);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Everything `work` writes in one durable step.
  template <std::invocable Work>
  void atomically(Work&& work) {
    database_.transaction(std::forward<Work>(work));
  }
  const std::filesystem::path& set_aside() const { return database_.set_aside(); }
  // Corrupt predecessors that nobody has taken away yet.
  std::vector<std::filesystem::path> all_set_aside() const;
  // Sets a database aside whose values make no sense; an empty one takes its place.
  void begin_anew(std::chrono::sys_seconds now);
  void probe();  // writes something harmless: throws as any write would
  void back_up(const std::filesystem::path& target);  // see storage/backup.hpp
  std::uintmax_t bytes() const;                       // on disk, the write-ahead log included

 private:
  storage::Database database_;

 public:
  GatewayRows gateways{database_};
  ModelRows models{database_};
  TaskRows tasks{database_};
  RoundRows rounds{database_};
  ReleaseRows releases{database_};
  VoidRows voids{database_};
  GroupRows groups{database_};
  OldRows old{database_};
};

}  // namespace tributary::cloud::store
