#include "cloud/engine/round_desk.hpp"

#include <algorithm>

#include "cloud/service/failpoint.hpp"

namespace tributary::cloud::engine {
namespace {

constexpr std::chrono::seconds write_retry{5};

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;  // clang 14 does not deduce it

v1::Release released_sum(const RoundRun& run, const std::vector<std::size_t>& members) {
  v1::Release release;
  std::size_t count = 0;
  for (const auto member : members) {
    count += round::sum_of(run.phase(member))->survivors.size();
  }
  const auto first = members.front();
  const bool wide = run.parts[first].context.scope_id.has_value();
  const auto joint = run.joint(first);
  release.set_ctx_hash(wide ? joint.raw() : run.parts[first].row.ctx_hash.raw());
  release.set_survivors_hash(wide ? joint.raw()
                                  : round::sum_of(run.phase(first))->survivors_hash.raw());
  release.set_count(static_cast<std::uint32_t>(count));
  release.set_sum_hash(run.parts[first].sum_hash.raw());
  return release;
}

}  // namespace

RoundDesk::RoundDesk(const Desk& desk) : desk_(desk) {}

void RoundDesk::resume() {
  for (const auto& [id, member] : desk_.fleet.members()) {
    auto parts = desk_.store.rounds.ended_parts(id, Outcomes::kept);
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      const auto row = desk_.store.rounds.find(part->key);
      outcomes_.add(*part, row ? row->reason : std::string{});
    }
  }
  for (const auto& row : desk_.store.rounds.open()) {
    desk_.world.say(Severity::info, "round_resumed",
                    {{"task", row.key.task.hex()}, {"round", row.key.round}});
    reload(row.key.task);
  }
}

// Builds the task's open round anew from the store: after a restart, and after a failed write.
void RoundDesk::reload(const TaskId& task) {
  if (runs_.erase(task) > 0) {
    std::erase_if(places_, [&](const auto& entry) { return entry.second.task == task; });
  }
  auto row = desk_.store.rounds.open(task);
  if (!row) return;
  const auto key = row->key;
  auto run = std::make_unique<RoundRun>(std::move(*row), desk_.store.rounds.parts(key));
  const auto effects = run->replay(desk_.store.rounds.events(key));
  for (std::size_t i = 0; i < run->parts.size(); ++i) {
    places_[run->parts[i].row.ctx_hash] = {task, i};
  }
  for (const auto& [joint, part] : run->questions) places_[joint] = {task, part};
  runs_[task] = std::move(run);
  carry_out(task, effects);
}

void RoundDesk::open(const Task& task, const round::RoundPlan& plan,
                     const std::vector<round::GatewayFacts>& facts) {
  const auto progress = desk_.board.after_opening(task.row.id, plan.number);
  const store::RoundKey key{task.row.id, progress.round};
  store::RoundRow row;
  row.key = key;
  row.opened_at = desk_.world.now();
  row.least_contributions = plan.least_contributions;
  row.gateway_quorum = task.spec.gateway_quorum;
  row.model_before = progress.model;
  std::vector<store::PartRow> parts;
  const round::RoundTerms terms{desk_.identity.authority.tenant,
                                key.task,
                                key.round,
                                progress.model,
                                desk_.fleet.unix_seconds(),
                                desk_.identity.combiner_key};
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const auto context =
        round::make_context(task.spec, terms, plan, facts[i], plan.shares[i]).SerializeAsString();
    const auto hash = crypto::hash("ctx", {view_of(context)});
    store::PartRow part;
    part.ctx_hash = hash;
    part.key = key;
    part.gateway = facts[i].id;
    part.context = context;
    part.signature = crypto::sign(desk_.identity.key, "ctx", hash);
    part.roster_hash = facts[i].roster_hash;
    part.expected = plan.shares[i].expected;
    row.expected += part.expected;
    parts.push_back(std::move(part));
  }
  desk_.store.atomically([&] {
    desk_.store.rounds.add(row);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      desk_.store.rounds.add_part(parts[i], static_cast<std::uint32_t>(i));
    }
    desk_.store.tasks.put_progress(key.task, progress);
  });
  service::reach(service::Failpoint::round_opened);
  desk_.board.adopt(key.task, progress);
  desk_.world.say(Severity::info, "round_opened",
                  {{"task", key.task.hex()},
                   {"round", key.round},
                   {"gateways", parts.size()},
                   {"expected", row.expected}});
  reload(key.task);
  const auto& run = *runs_.at(key.task);
  for (std::size_t i = 0; i < run.parts.size(); ++i) part_changed(run, i);
}

std::optional<RoundDesk::Place> RoundDesk::place(const Hash& ctx_hash) const {
  const auto known = places_.find(ctx_hash);
  if (known == places_.end()) return std::nullopt;
  return known->second;
}

const RoundRun* RoundDesk::open_round(const TaskId& task) const {
  const auto known = runs_.find(task);
  return known == runs_.end() ? nullptr : known->second.get();
}

// What changes for one gateway of a wider scope may change what its helpers and the others are shown.
void RoundDesk::part_changed(const RoundRun& run, std::size_t part) {
  for (const auto member : run.scope_members(part)) {
    desk_.revisions.changed(run.parts[member].row.gateway);
  }
  for (const auto& helper : run.parts[part].context.helpers) {
    if (const auto* owner = desk_.fleet.find_helper(helper)) desk_.revisions.changed(owner->id);
  }
}

void RoundDesk::tick() {
  const auto now = std::chrono::floor<std::chrono::seconds>(desk_.world.now());
  std::vector<TaskId> tasks;
  for (const auto& [task, run] : runs_) tasks.push_back(task);
  for (const auto& task : tasks) {
    if (const auto retry = retries_.find(task);
        retry != retries_.end() && desk_.world.now() >= retry->second) {
      retries_.erase(retry);
      reload(task);
    }
    if (!runs_.contains(task)) continue;
    auto& run = *runs_.at(task);
    if (run.machine.closed()) continue;
    std::set<GatewayId> down;
    for (const auto& part : run.parts) {
      if (desk_.fleet.is_down(part.row.gateway)) down.insert(part.row.gateway);
    }
    carry_out(task, run.machine.on_time(now, down).effects);
  }
}

void RoundDesk::end_atomically(const TaskId& task, const std::function<void()>& work) {
  try {
    desk_.store.atomically(work);
  } catch (const storage::Failure&) {
    retry_later(task);
    throw;
  }
}

// The machine has closed the round but the store has not: build it anew from the store after a
// while, which leads to the same end.
void RoundDesk::retry_later(const TaskId& task) {
  retries_[task] = desk_.world.now() + write_retry;
}

void RoundDesk::stop(const TaskId& task, const std::string& reason) {
  const auto known = runs_.find(task);
  if (known == runs_.end()) {
    const auto progress = desk_.board.stopped(task, reason);
    desk_.store.tasks.put_progress(task, progress);
    desk_.board.adopt(task, progress);
    return;
  }
  stopping_.insert(task);
  carry_out(task, known->second->machine.on_stop(reason).effects);
}

void RoundDesk::carry_out(const TaskId& task, const std::vector<round::Effect>& effects) {
  for (const auto& effect : effects) {
    if (!runs_.contains(task)) return;
    std::visit(Overloaded{[&](const round::Ask& what) { ask(task, what.part); },
                          [&](const round::Combine& what) { combine(task, what.part); },
                          [&](const round::Release&) { average(task); },
                          [&](const round::Abandon& what) { abandon(task, what); }},
               effect);
  }
}

void RoundDesk::average(const TaskId& task) {
  const auto& run = *runs_.at(task);
  const auto& known = *desk_.board.find(task);
  struct Job {
    crypto::Subset subset;
    crypto::EncodingPlan encoding;
    crypto::WordSums total;
    Bytes model;
    double rate;
    robust::Rule rule;
    std::vector<round::GatewayMean> means;
    round::NextModel next;
  };
  auto job =
      std::make_shared<Job>(Job{run.parts.front().context.subset,
                                run.parts.front().context.encoding,
                                run.total,
                                desk_.store.models.content(run.row.model_before).value_or(Bytes{}),
                                known.spec.server_learning_rate,
                                known.spec.aggregation,
                                run.means,
                                {}});
  desk_.world.submit(
      [job] {
        job->next = round::next_model(job->subset, job->encoding, job->total, std::move(job->model),
                                      job->rate, job->rule, job->means);
      },
      [this, job, key = run.row.key] { release(key, std::move(job->next)); });
}

void RoundDesk::release(const store::RoundKey& key, round::NextModel next) {
  const auto known = runs_.find(key.task);
  if (known == runs_.end() || known->second->row.key != key) return;
  auto& run = *known->second;
  if (!next.fault.empty()) {
    abandon(key.task, {next.fault, {}});
    return;
  }
  for (const auto part : next.left_out) {
    desk_.world.say(Severity::warning, "gateway_left_out",
                    {{"task", key.task.hex()},
                     {"round", key.round},
                     {"gateway", desk_.fleet.called(run.parts[part].row.gateway)},
                     {"rule", robust::name_of(desk_.board.find(key.task)->spec.aggregation.kind)}});
  }
  auto row = run.released_row(desk_.world.now());
  row.model_after = next.hash;
  row.weight = next.weight;
  row.train_loss = next.loss;
  row.train_accuracy = next.accuracy;
  const auto& task = *desk_.board.find(key.task);
  const auto before = desk_.store.models.find(row.model_before);
  const auto progress = desk_.board.after_release(key.task, next.hash);
  const store::ModelRow model{next.hash,
                              task.row.name,
                              task.spec.model,
                              task.row.parameters,
                              before ? before->version + 1 : 1,
                              key.task,
                              key.round,
                              row.model_before,
                              *row.closed_at};
  end_atomically(key.task, [&] {
    desk_.store.models.put(model, next.model);
    record_releases(run, next.hash);
    desk_.store.rounds.close(row);
    for (std::size_t i = 0; i < run.parts.size(); ++i) {
      desk_.store.rounds.close_part(run.ended_part(i), *row.closed_at);
    }
    desk_.store.rounds.forget_bodies(key);
    desk_.store.tasks.put_progress(key.task, progress);
  });
  service::reach(service::Failpoint::round_released);
  const auto seconds = std::chrono::duration<double>(*row.closed_at - row.opened_at).count();
  desk_.observer.round_released(row.survivors, row.masks_removed, seconds);
  desk_.world.say(Severity::info, "round_released",
                  {{"task", key.task.hex()},
                   {"round", key.round},
                   {"survivors", row.survivors},
                   {"seconds", seconds},
                   {"model", next.hash.hex()}});
  desk_.board.adopt(key.task, progress);
  close(key.task);
}

// One for each released sum: a gateway's, or the total of a wider scope.
void RoundDesk::record_releases(const RoundRun& run, const Hash& next_model) {
  auto previous = desk_.store.releases.last_hash(run.row.key.task).value_or(Hash{});
  for (std::size_t i = 0; i < run.parts.size(); ++i) {
    const auto combined = run.members_in<round::Combined>(i);
    if (combined.empty() || run.scope_members(i).front() != i) continue;
    auto release = released_sum(run, combined);
    release.set_next_model_hash(next_model.raw());
    release.set_previous(previous.raw());
    auto body = release.SerializeAsString();
    previous = crypto::hash("release", {view_of(body)});
    desk_.store.releases.add(run.row.key,
                             {run.parts[i].row.ctx_hash, std::move(body),
                              crypto::sign(desk_.identity.key, "release", previous), previous});
  }
}

// Where helpers were asked they may have answered: they can promise no VOID, and rule D3 keeps
// devices from contributing to that model again. The next round begins with one that differs in one
// parameter by the smallest step there is.
std::optional<RoundDesk::Renewed> RoundDesk::renewed_model(const RoundRun& run) {
  if (std::ranges::none_of(run.parts, [](const PartRun& part) {
        return part.asked_at && !part.context.helpers.empty();
      })) {
    return std::nullopt;
  }
  const auto& task = *desk_.board.find(run.row.key.task);
  const auto before = desk_.store.models.find(run.row.model_before);
  auto content = desk_.store.models.content(run.row.model_before);
  if (!before || !content) return std::nullopt;
  round::step_first_parameter(*content);
  const store::ModelRow row{round::model_hash(*content), before->name,         task.spec.model,
                            task.row.parameters,         before->version + 1,  run.row.key.task,
                            run.row.key.round,           run.row.model_before, desk_.world.now()};
  return Renewed{row, std::move(*content)};
}

void RoundDesk::abandon(const TaskId& task, const round::Abandon& what) {
  const auto& run = *runs_.at(task);
  const auto& key = run.row.key;
  auto row = run.row;
  row.state = store::RoundState::abandoned;
  row.reason = what.reason;
  row.closed_at = desk_.world.now();
  const bool stopping = stopping_.contains(task);
  auto progress = stopping ? desk_.board.stopped(task, what.reason)
                           : desk_.board.after_abandon(task, what.reason);
  if (stopping) ++progress.abandoned;
  const auto renewed = renewed_model(run);
  if (renewed) progress.model = renewed->row.hash;
  end_atomically(task, [&] {
    if (renewed) desk_.store.models.put(renewed->row, renewed->content);
    desk_.store.rounds.close(row);
    for (std::size_t i = 0; i < run.parts.size(); ++i) {
      auto part = run.ended_part(i);
      part.survivors.clear();
      part.sum_hash.reset();
      desk_.store.rounds.close_part(part, *row.closed_at);
    }
    desk_.store.rounds.forget_bodies(key);
    for (const auto& unanswered : what.voids) {
      desk_.store.voids.ask({key, unanswered.place}, unanswered.helper, *row.closed_at);
    }
    desk_.store.tasks.put_progress(task, progress);
  });
  service::reach(service::Failpoint::round_abandoned);
  desk_.observer.round_abandoned();
  desk_.world.say(Severity::warning, "round_abandoned",
                  {{"task", task.hex()}, {"round", row.key.round}, {"reason", what.reason}});
  desk_.board.adopt(task, progress);
  close(task);
}

// The store has the end of the round; tell the gateways and let the next one begin.
void RoundDesk::close(const TaskId& task) {
  const auto run = std::move(runs_.at(task));
  runs_.erase(task);
  stopping_.erase(task);
  for (const auto& [joint, part] : run->questions) places_.erase(joint);
  const auto row = desk_.store.rounds.find(run->row.key);
  for (std::size_t i = 0; i < run->parts.size(); ++i) {
    const auto& ctx_hash = run->parts[i].row.ctx_hash;
    places_.erase(ctx_hash);
    if (const auto part = desk_.store.rounds.part(ctx_hash)) {
      outcomes_.add(*part, row ? row->reason : std::string{});
    }
    part_changed(*run, i);
  }
  if (closed_) closed_(task);
}

}  // namespace tributary::cloud::engine
