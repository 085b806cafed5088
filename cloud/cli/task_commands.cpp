#include <chrono>
#include <iomanip>
#include <iostream>
#include <thread>

#include "cloud/cli/access.hpp"
#include "cloud/cli/commands.hpp"
#include "cloud/cli/files.hpp"
#include "cloud/cli/printing.hpp"

namespace tributary::cli {
namespace {

namespace json = boost::json;

const std::vector<std::string> task_columns = {
    "id", "name", "state", "rounds_released", "rounds_abandoned", "state_reason"};
const std::vector<std::string> round_columns = {"round",          "state",   "survivors",
                                                "expected",       "dropped", "train_loss",
                                                "train_accuracy", "seconds", "reason"};

void show_list(const Access& access, const std::string& target,
               const std::vector<std::string>& columns) {
  const auto document = ask_json(access, "GET", target);
  if (access.json) {
    std::cout << json::serialize(document) << '\n';
  } else {
    print_table(items_of(document), columns);
  }
}

void show_object(const Access& access, const std::string& method, const std::string& target,
                 const std::string& body = "") {
  const auto document = ask_json(access, method, target, body);
  if (access.json) {
    std::cout << json::serialize(document) << '\n';
  } else {
    print_object(document);
  }
}

// A command on one task, named by its id.
template <class Run>
void add_on_task(CLI::App& group, const std::string& name, const std::string& help, Run run) {
  auto* command = group.add_subcommand(name, help);
  auto access = add_access(*command);
  auto id = std::make_shared<std::string>();
  command->add_option("TASK", *id, "Id of the task")->required();
  command->callback([=] { run(*access, encoded(*id)); });
}

void print_round(const Access& access, const json::value& round) {
  if (access.json) {
    std::cout << json::serialize(round) << std::endl;
    return;
  }
  std::cout << "round " << std::setw(4) << cell(round, "round") << "  " << cell(round, "state")
            << "  survivors " << cell(round, "survivors") << "/" << cell(round, "expected")
            << "  loss " << cell(round, "train_loss") << "  accuracy "
            << cell(round, "train_accuracy") << "  " << cell(round, "seconds") << " s";
  if (cell(round, "reason") != "-" && !cell(round, "reason").empty())
    std::cout << "  " << cell(round, "reason");
  std::cout << std::endl;
}

// Prints rounds as they end, and the reason once while the task waits, until the task ends.
void watch(const Access& access, const std::string& id) {
  std::int64_t last = 0;
  std::string said;
  for (;;) {
    const auto task = ask_json(access, "GET", "/v1/tasks/" + id);
    const auto document =
        ask_json(access, "GET", "/v1/tasks/" + id + "/rounds?after=" + std::to_string(last));
    for (const auto& round : items_of(document)) {
      const std::string state = cell(round, "state");
      if (state != "released" && state != "abandoned") break;
      print_round(access, round);
      last = round.at("round").to_number<std::int64_t>();
    }
    const std::string state = cell(task, "state");
    const std::string reason = cell(task, "state_reason");
    if (!access.json && state == "waiting" && reason != said)
      std::cout << "waiting: " << reason << std::endl;
    said = reason;
    if (state == "finished") return;
    if (state == "failed" || state == "stopped")
      throw CommandFault("the task has " + state + ": " + reason);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
}

void add_task_group(CLI::App& program) {
  auto* task = program.add_subcommand("task", "What is trained, by whom and how");
  task->require_subcommand(1);
  auto* create = task->add_subcommand("create", "Create a task from a JSON spec and start it");
  auto access = add_access(*create);
  auto spec = std::make_shared<std::string>();
  create->add_option("--spec", *spec, "JSON file, see cloud/api/README.md")->required();
  create->callback([=] { show_object(*access, "POST", "/v1/tasks", read_file(*spec)); });
  auto* list = task->add_subcommand("list", "All tasks");
  auto list_access = add_access(*list);
  list->callback([=] { show_list(*list_access, "/v1/tasks", task_columns); });
  add_on_task(*task, "show", "One task", [](const Access& as, const std::string& id) {
    show_object(as, "GET", "/v1/tasks/" + id);
  });
  add_on_task(*task, "stop", "End a task; its round in progress is abandoned",
              [](const Access& as, const std::string& id) {
                show_object(as, "POST", "/v1/tasks/" + id + "/stop");
              });
  add_on_task(*task, "watch", "Print rounds as they end, until the task ends", watch);
}

}  // namespace

void add_task_commands(CLI::App& program) {
  add_task_group(program);
  auto* round = program.add_subcommand("round", "Rounds of a task");
  round->require_subcommand(1);
  add_on_task(*round, "list", "All rounds of a task", [](const Access& as, const std::string& id) {
    show_list(as, "/v1/tasks/" + id + "/rounds", round_columns);
  });
  auto* gateway = program.add_subcommand("gateway", "Gateways of the fleet");
  gateway->require_subcommand(1);
  auto* list = gateway->add_subcommand("list", "All gateways the coordinator knows");
  auto list_access = add_access(*list);
  list->callback([=] {
    show_list(*list_access, "/v1/gateways",
              {"name", "id", "operator", "roster_size", "helper_id", "version", "last_seen"});
  });
  auto* status = program.add_subcommand("status", "Is the coordinator there, and what is it doing");
  auto status_access = add_access(*status);
  status->callback([=] { show_object(*status_access, "GET", "/v1/status"); });
}

}  // namespace tributary::cli
