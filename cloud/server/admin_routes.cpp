#include "cloud/server/admin_routes.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>
#include <cstring>

#include "cloud/round/combine.hpp"
#include "cloud/server/problem.hpp"
#include "cloud/server/views.hpp"

namespace tributary::cloud::server {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_architecture = 95;
constexpr std::uint32_t most_rounds_listed = 1000;

Answer json_answer(unsigned status, const json::object& object) {
  return {status, json_media, json::serialize(object)};
}
Answer items_answer(json::array items) {
  return json_answer(200, {{"items", std::move(items)}});
}

std::variant<const engine::Task*, Answer> task_of(Site& site, const Call& call) {
  const auto id = TaskId::from_hex(call.captures.at(0));
  const auto* task = id ? site.coordinator.board.find(*id) : nullptr;
  if (task == nullptr) return problem(404, "no task has the id " + call.captures.at(0));
  return task;
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > INT64_MAX) {
    return std::nullopt;
  }
  return value;
}

std::string query_text(const Call& call, const std::string& name) {
  const auto given = call.query.find(name);
  return given == call.query.end() ? std::string{} : given->second;
}

bool printable(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

std::string content_fault(std::string_view content) {
  if (content.empty() || content.size() % sizeof(float) != 0) {
    return "the body is " + std::to_string(content.size()) +
           " bytes, not a whole number of little-endian float32";
  }
  for (std::size_t at = 0; at < content.size(); at += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, content.data() + at, sizeof value);
    if (!std::isfinite(value)) {
      return "parameter " + std::to_string(at / sizeof(float)) + " is not a finite number";
    }
  }
  return {};
}

struct AskedRound {
  store::RoundRow row;
  std::vector<store::PartRow> parts;
};
std::variant<AskedRound, Answer> round_of(Site& site, const Call& call) {
  auto found = task_of(site, call);
  if (auto* missing = std::get_if<Answer>(&found)) return std::move(*missing);
  const auto& id = std::get<const engine::Task*>(found)->row.id;
  const auto number = whole_number(call.captures.at(1));
  auto& rounds = site.coordinator.store.rounds;
  auto row = number ? rounds.find({id, *number}) : std::nullopt;
  if (!row) return problem(404, "the task has no round " + call.captures.at(1));
  auto parts = rounds.parts(row->key);
  return AskedRound{std::move(*row), std::move(parts)};
}

}  // namespace

Reply post_model(Site& site, const Call& call) {
  store::ModelRow model;
  model.name = query_text(call, "name");
  model.architecture = query_text(call, "architecture");
  if (!printable(model.name, longest_name)) {
    return problem(422, "the query must give `name`: 1 to 64 printable ASCII characters");
  }
  if (!printable(model.architecture, longest_architecture)) {
    return problem(422,
                   "the query must give `architecture`, for example mlp:784-32-10, at most 95 "
                   "printable ASCII characters");
  }
  if (auto fault = content_fault(call.body); !fault.empty()) return problem(422, fault);
  model.hash = round::model_hash(view_of(call.body));
  model.parameters = static_cast<std::uint32_t>(call.body.size() / sizeof(float));
  model.created_at = site.coordinator.world.now();
  auto& models = site.coordinator.store.models;
  models.put(model, view_of(call.body));
  const auto kept = models.find(model.hash);
  if (kept->architecture != model.architecture) {
    return problem(409,
                   "the same parameters are kept as architecture '" + kept->architecture + "'");
  }
  return json_answer(201, model_view(*kept));
}

Reply list_models(Site& site, const Call&) {
  json::array items;
  for (const auto& model : site.coordinator.store.models.all()) items.push_back(model_view(model));
  return items_answer(std::move(items));
}

Reply get_model_object(Site& site, const Call& call) {
  const auto hash = Hash::from_hex(call.captures.at(0));
  const auto model = hash ? site.coordinator.store.models.find(*hash) : std::nullopt;
  if (!model) return problem(404, "no model has the hash " + call.captures.at(0));
  return json_answer(200, model_view(*model));
}

Reply get_model_content(Site& site, const Call& call) {
  const auto hash = Hash::from_hex(call.captures.at(0));
  const auto content = hash ? site.coordinator.store.models.content(*hash) : std::nullopt;
  if (!content) return problem(404, "no model has the hash " + call.captures.at(0));
  return Answer{200, binary_media, std::string{text_of(*content)}};
}

Reply post_task(Site& site, const Call& call) {
  auto& board = site.coordinator.board;
  const auto created = board.create(call.body);
  if (const auto* faults = std::get_if<engine::TaskBoard::Faults>(&created)) {
    return problem(faults->list);
  }
  site.coordinator.scheduler.tick();
  const auto* task = board.find(std::get<TaskId>(created));
  auto answer = json_answer(201, task_view(*task, board, site.coordinator.groups));
  answer.headers.emplace_back("Location", "/v1/tasks/" + task->row.id.hex());
  return answer;
}

Reply list_tasks(Site& site, const Call&) {
  auto& board = site.coordinator.board;
  std::vector<const engine::Task*> tasks;
  for (const auto& [id, task] : board.tasks()) tasks.push_back(&task);
  std::ranges::sort(
      tasks, [](const auto* a, const auto* b) { return a->row.created_at < b->row.created_at; });
  json::array items;
  for (const auto* task : tasks) items.push_back(task_view(*task, board, site.coordinator.groups));
  return items_answer(std::move(items));
}

Reply get_task(Site& site, const Call& call) {
  auto found = task_of(site, call);
  if (auto* missing = std::get_if<Answer>(&found)) return std::move(*missing);
  return json_answer(200, task_view(*std::get<const engine::Task*>(found), site.coordinator.board,
                                    site.coordinator.groups));
}

Reply stop_task(Site& site, const Call& call) {
  auto found = task_of(site, call);
  if (auto* missing = std::get_if<Answer>(&found)) return std::move(*missing);
  const auto& task = *std::get<const engine::Task*>(found);
  auto& board = site.coordinator.board;
  if (!board.ended(task.row.id)) {
    site.coordinator.rounds.stop(task.row.id, "stopped by the operator");
  }
  return json_answer(200, task_view(task, board, site.coordinator.groups));
}

Reply list_rounds(Site& site, const Call& call) {
  auto found = task_of(site, call);
  if (auto* missing = std::get_if<Answer>(&found)) return std::move(*missing);
  const auto& id = std::get<const engine::Task*>(found)->row.id;
  const auto text = query_text(call, "after");
  const auto after = text.empty() ? std::optional<std::uint64_t>{0} : whole_number(text);
  if (!after) return problem(400, "after must be a round number");
  auto& coordinator = site.coordinator;
  json::array items;
  for (const auto& row : coordinator.store.rounds.of_task(id, *after, most_rounds_listed)) {
    const auto* live = coordinator.rounds.open_round(id);
    if (live != nullptr && live->row.key != row.key) live = nullptr;
    items.push_back(round_view(row, coordinator.store.rounds.parts(row.key), live,
                               coordinator.fleet, coordinator.world.now()));
  }
  return items_answer(std::move(items));
}

Reply get_survivors(Site& site, const Call& call) {
  auto found = round_of(site, call);
  if (auto* missing = std::get_if<Answer>(&found)) return std::move(*missing);
  return json_answer(200, survivors_view(std::get<AskedRound>(found).parts));
}

Reply list_releases(Site& site, const Call& call) {
  auto found = round_of(site, call);
  if (auto* missing = std::get_if<Answer>(&found)) return std::move(*missing);
  const auto& asked = std::get<AskedRound>(found);
  json::array items;
  for (const auto& release : site.coordinator.store.releases.of_round(asked.row.key)) {
    const auto part = std::ranges::find(asked.parts, release.ctx_hash, &store::PartRow::ctx_hash);
    if (part != asked.parts.end()) items.push_back(release_view(release, *part));
  }
  return items_answer(std::move(items));
}

Reply list_gateways(Site& site, const Call&) {
  const auto& fleet = site.coordinator.fleet;
  json::array items;
  for (const auto& [id, member] : fleet.members()) {
    items.push_back(gateway_view(member, fleet.is_down(id)));
  }
  return items_answer(std::move(items));
}

Reply get_status(Site& site, const Call&) {
  auto& coordinator = site.coordinator;
  json::object tasks;
  for (const auto state :
       {store::TaskState::waiting, store::TaskState::running, store::TaskState::finished,
        store::TaskState::stopped, store::TaskState::failed}) {
    tasks[store::name_of(state)] = std::ranges::count_if(
        coordinator.board.tasks(),
        [&](const auto& entry) { return entry.second.row.progress.state == state; });
  }
  const auto down = std::ranges::count_if(coordinator.fleet.members(), [&](const auto& entry) {
    return coordinator.fleet.is_down(entry.first);
  });
  const auto now = coordinator.world.now();
  const auto own = coordinator.fleet.own_helper();
  return json_answer(200, {{"version", site.version},
                           {"time", rfc3339(now)},
                           {"started_at", rfc3339(site.started_at)},
                           {"tenant", coordinator.identity.authority.tenant},
                           {"helper_id", own ? json::value(own->hex()) : json::value(nullptr)},
                           {"gateways", coordinator.fleet.members().size()},
                           {"gateways_down", down},
                           {"tasks", std::move(tasks)},
                           {"open_rounds", coordinator.rounds.runs().size()},
                           {"database_bytes", coordinator.store.bytes()}});
}

}  // namespace tributary::cloud::server
