// Rows of the coordinator's database (storage/schema/cloud) as values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crypto/bytes.hpp"

namespace tributary::cloud::store {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

struct GatewayRow {
  GatewayId id;
  std::string name;
  std::string version;
  std::string keys;  // GatewayKeys as received
  std::optional<Hash> roster_hash;
  Time last_seen;
};

struct RosterRow {
  Hash hash;
  GatewayId gateway;
  std::uint32_t size;
  std::string content;
};

struct ModelRow {
  Hash hash;
  std::string name;
  std::string architecture;
  std::uint32_t parameters = 0;
  std::uint32_t version = 1;
  std::optional<TaskId> task;
  std::optional<std::uint64_t> round;
  std::optional<Hash> parent;
  Time created_at;
};

enum class TaskState { waiting, running, finished, stopped, failed };
std::string_view name_of(TaskState state);

struct TaskProgress {
  TaskState state = TaskState::waiting;
  std::string state_reason;
  Hash model;
  std::uint64_t round = 0;
  std::uint32_t released = 0;
  std::uint32_t abandoned = 0;
  std::uint32_t abandoned_in_row = 0;
  Time retry_at{};
};
struct TaskRow {
  TaskId id;
  std::string name;
  std::string spec;  // JSON
  std::uint32_t parameters = 0;
  Time created_at;
  TaskProgress progress;
};

enum class RoundState { open, released, abandoned };
std::string_view name_of(RoundState state);

struct RoundKey {
  TaskId task;
  std::uint64_t round = 0;
  auto operator<=>(const RoundKey&) const = default;
};
struct RoundRow {
  RoundKey key;
  RoundState state = RoundState::open;
  std::string reason;
  Time opened_at;
  std::optional<Time> closed_at;
  std::uint32_t least_contributions = 0;
  std::uint32_t gateway_quorum = 0;
  std::uint32_t expected = 0;
  std::uint32_t survivors = 0;
  std::optional<double> train_loss;
  std::optional<double> train_accuracy;
  std::optional<double> weight;
  Hash model_before;
  std::optional<Hash> model_after;
  std::uint64_t masks_removed = 0;
  std::chrono::milliseconds mask_time{0};
  std::uint64_t upload_bytes = 0;
};

struct PartRow {
  Hash ctx_hash;
  RoundKey key;
  GatewayId gateway;
  std::string context;
  Signature signature;
  Hash roster_hash;
  std::uint32_t expected = 0;
  std::string state = "offered";
  std::string reason;
  std::vector<DeviceId> survivors;  // filled when the round is released
  std::optional<Hash> survivors_hash;
  std::optional<Hash> sum_hash;
};

enum class EventKind { sum, joint, mask_sum, refusal, abandon };
std::string_view name_of(EventKind kind);
struct EventRow {
  Hash ctx_hash;  // of a wider scope as a whole: of its first gateway
  EventKind kind = EventKind::sum;
  std::optional<HelperId> helper;
  Hash statement;  // joint: what the helpers are asked for, H("joint", ..)
  Time received_at;
  std::string body;  // empty once the round has ended
};

struct ReleaseRow {
  Hash ctx_hash;
  std::string body;
  Signature signature;
  Hash hash;
};

struct VoidScope {
  RoundKey key;
  std::variant<GatewayId, ScopeId> place;  // whose sum, or whose total, will never be answered for
  auto operator<=>(const VoidScope&) const = default;
};

}  // namespace tributary::cloud::store
