#include "cloud/engine/task_board.hpp"

#include <algorithm>

#include "cloud/round/plan.hpp"

namespace tributary::cloud::engine {
namespace {

using store::TaskProgress;
using store::TaskState;

constexpr std::chrono::seconds first_retry{1};
constexpr std::chrono::seconds longest_retry{60};

std::chrono::seconds retry_pause(std::uint32_t abandoned_in_row) {
  const auto doublings = std::min<std::uint32_t>(abandoned_in_row - 1, 6);
  return std::min(first_retry * (1 << doublings), longest_retry);
}

}  // namespace

TaskBoard::TaskBoard(store::Store& store, const Fleet& fleet, const World& world)
    : store_(store), fleet_(fleet), world_(world) {
  for (auto& row : store_.tasks.all()) {
    auto parsed = round::parse_task_spec(row.spec, [](std::string_view) { return std::nullopt; });
    if (!parsed.spec) {
      throw storage::Failure(storage::FailureKind::corrupt,
                             "coordinator database: the spec of task " + row.id.hex() +
                                 " does not parse: " + parsed.faults.front().text);
    }
    const auto id = row.id;
    tasks_.emplace(id, Task{std::move(row), std::move(*parsed.spec)});
  }
}

std::variant<TaskId, TaskBoard::Faults> TaskBoard::create(std::string_view spec_json) {
  auto parsed = round::parse_task_spec(
      spec_json, [this](std::string_view name) { return fleet_.by_name(name); },
      fleet_.own_helper());
  if (!parsed.spec) return Faults{std::move(parsed.faults)};
  const auto& spec = *parsed.spec;
  const auto model = store_.models.find(spec.initial_model);
  if (!model) {
    return Faults{{{"initial_model", "no model " + spec.initial_model.hex() +
                                         " is known; `tributary model import` it first"}}};
  }
  if (!store_.models.content(spec.initial_model)) {
    return Faults{{{"initial_model", "the content of model " + spec.initial_model.hex() +
                                         " is kept no longer (limits.models_kept); `tributary "
                                         "model import` it again"}}};
  }
  if (model->architecture != spec.model) {
    return Faults{{{"model", "is '" + spec.model + "', but the initial model was imported as '" +
                                 model->architecture + "'"}}};
  }
  const auto subset = round::subset_of(spec, model->parameters, {}, 1);
  if (const auto* fault = std::get_if<std::string>(&subset)) return Faults{{{"subset", *fault}}};
  store::TaskRow row{world_.new_task_id(), spec.name,    round::to_json(spec),
                     model->parameters,    world_.now(), {}};
  row.progress.model = spec.initial_model;
  row.progress.state_reason = "the first round has not been planned yet";
  store_.tasks.add(row);
  const auto id = row.id;
  world_.say(
      Severity::info, "task_created",
      {{"task", id.hex()}, {"name", spec.name}, {"rounds", spec.rounds}, {"model", spec.model}});
  for (const auto& warning : round::trust_warnings(splits(spec))) {
    world_.say(Severity::warning, "trust_not_split", {{"task", id.hex()}, {"warning", warning}});
  }
  tasks_.emplace(id, Task{std::move(row), std::move(*parsed.spec)});
  return id;
}

const Task* TaskBoard::find(const TaskId& task) const {
  const auto known = tasks_.find(task);
  return known == tasks_.end() ? nullptr : &known->second;
}

bool TaskBoard::ended(const TaskId& task) const {
  const auto state = tasks_.at(task).row.progress.state;
  return state != TaskState::waiting && state != TaskState::running;
}

TaskProgress TaskBoard::after_opening(const TaskId& task, std::uint64_t round) const {
  auto progress = tasks_.at(task).row.progress;
  progress.round = round;
  progress.state = TaskState::running;
  progress.state_reason = "round " + std::to_string(progress.round) + " is open";
  return progress;
}

TaskProgress TaskBoard::after_release(const TaskId& task, const Hash& next_model) const {
  const auto& known = tasks_.at(task);
  auto progress = known.row.progress;
  progress.model = next_model;
  progress.abandoned_in_row = 0;
  progress.retry_at = {};
  ++progress.released;
  const auto done = std::to_string(progress.released) + " of " + std::to_string(known.spec.rounds) +
                    " rounds released";
  progress.state_reason = done;
  if (progress.released >= known.spec.rounds) progress.state = TaskState::finished;
  return progress;
}

TaskProgress TaskBoard::after_abandon(const TaskId& task, const std::string& reason) const {
  auto progress = tasks_.at(task).row.progress;
  ++progress.abandoned;
  ++progress.abandoned_in_row;
  progress.retry_at = world_.now() + retry_pause(progress.abandoned_in_row);
  progress.state_reason = "round " + std::to_string(progress.round) + " was abandoned: " + reason;
  if (progress.abandoned_in_row >= most_abandoned_in_row) {
    progress.state = TaskState::failed;
    progress.state_reason = std::to_string(progress.abandoned_in_row) +
                            " rounds in a row were abandoned, the last one: " + reason;
  }
  return progress;
}

TaskProgress TaskBoard::stopped(const TaskId& task, const std::string& reason) const {
  auto progress = tasks_.at(task).row.progress;
  progress.state = TaskState::stopped;
  progress.state_reason = reason;
  return progress;
}

void TaskBoard::adopt(const TaskId& task, TaskProgress progress) {
  auto& known = tasks_.at(task).row.progress;
  const bool turned = known.state != progress.state;
  known = std::move(progress);
  if (turned) {
    world_.say(known.state == TaskState::failed ? Severity::error : Severity::info, "task_state",
               {{"task", task.hex()},
                {"state", store::name_of(known.state)},
                {"reason", known.state_reason}});
  }
}

void TaskBoard::wait_for(const TaskId& task, const std::string& reason) {
  auto progress = tasks_.at(task).row.progress;
  if (progress.state == TaskState::waiting && progress.state_reason == reason) return;
  progress.state = TaskState::waiting;
  progress.state_reason = reason;
  store_.tasks.put_progress(task, progress);
  adopt(task, std::move(progress));
}

std::vector<round::MaskSplit> TaskBoard::splits(const round::TaskSpec& spec) const {
  std::vector<round::MaskSplit> splits;
  const auto helper_of = [this](const GatewayId& gateway) -> std::optional<HelperId> {
    const auto* member = fleet_.find(gateway);
    if (member == nullptr || !member->helper) return std::nullopt;
    return helper_id(*member->helper);
  };
  for (const auto& gateway : spec.gateways) {
    round::MaskSplit split{{fleet_.called(gateway), std::nullopt}, {}};
    if (spec.pairwise) split.pairwise = {*spec.pairwise, std::nullopt};
    if (const auto* member = fleet_.find(gateway)) {
      split.gateway.operated_by = member->gateway.operated_by;
    }
    const auto helpers = round::helpers_for(spec, gateway, helper_of);
    if (!helpers) split.helpers.push_back({"the next gateway", std::nullopt});
    for (const auto& helper : helpers.value_or(std::vector<HelperId>{})) {
      const auto* owner = fleet_.find_helper(helper);
      split.helpers.push_back(owner ? round::Party{owner->name, owner->helper->operated_by}
                                    : round::Party{helper.hex(), std::nullopt});
    }
    split.scope = round::scope_of(spec, gateway);
    splits.push_back(std::move(split));
  }
  return splits;
}

}  // namespace tributary::cloud::engine
