#include "tests/sim/course.hpp"

#include "tests/sim/storm.hpp"

namespace tributary::sim {
namespace {

using cloud::store::RoundState;
using cloud::store::TaskState;

constexpr std::chrono::minutes calm_bound{20};
constexpr std::chrono::seconds longest_wait{10};

Shape shape_of(const Mix& mix) {
  Shape shape;
  shape.devices = mix.devices;
  shape.rounds = mix.rounds;
  shape.deadline_seconds = mix.deadline_seconds;
  if (mix.patience_seconds > 0) {
    shape.more = R"(, "patience_seconds": )" + std::to_string(mix.patience_seconds);
  }
  return shape;
}

// What may never go back, whoever dies.
class Ratchet {
 public:
  void look(World& world, Wrongs& wrongs) {
    if (!world.centre.running()) return;
    const auto* task = world.centre.engine().board.find(world.task);
    if (task == nullptr) return;
    const auto& progress = task->row.progress;
    if (progress.round < round_ || progress.released < released_) {
      wrongs.push_back("the ledger of rounds went back");
    }
    round_ = progress.round;
    released_ = progress.released;
  }

 private:
  std::uint64_t round_ = 0;
  std::uint32_t released_ = 0;
};

void check_end(World& world, Wrongs& wrongs) {
  const auto& progress = world.centre.engine().board.find(world.task)->row.progress;
  if (progress.state == TaskState::finished) return;
  wrongs.push_back("after the storm the task ends " +
                   std::string(cloud::store::name_of(progress.state)) + ": " +
                   progress.state_reason);
}

void count(World& world, Course& course) {
  for (const auto& round : world.store().rounds.of_task(world.task, 0, 1000)) {
    course.released += round.state == RoundState::released ? 1 : 0;
    course.abandoned += round.state == RoundState::abandoned ? 1 : 0;
  }
}

// The coordinator's folder is as it was when the task began whenever it starts.
void plant(World& world) {
  namespace fs = std::filesystem;
  auto copy = std::make_shared<Folder>();
  const auto options = fs::copy_options::recursive | fs::copy_options::overwrite_existing;
  fs::copy(world.centre.folder(), copy->path(), options);
  world.centre.before_start = [&world, copy, options] {
    for (const auto& entry : fs::directory_iterator(world.centre.folder())) {
      fs::remove_all(entry.path());
    }
    fs::copy(copy->path(), world.centre.folder(), options);
  };
}

void play(World& world, const Mix& mix, Course& course) {
  if (!world.begin()) {
    course.wrongs.push_back("not everybody joined");
    return;
  }
  if (mix.plant) plant(world);
  // Before the first round little is at stake.
  world.until([&] { return world.store().rounds.find({world.task, 1}).has_value(); }, longest_wait);
  Storm storm(world, mix);
  Ratchet ratchet;
  storm.rage();
  const auto over = [&] { return ratchet.look(world, course.wrongs), world.finished(); };
  world.until(over, mix.length);
  storm.calm();
  course.strikes = storm.strikes();
  if (world.until(over, calm_bound)) {
    check_end(world, course.wrongs);
  } else {
    course.wrongs.push_back("20 minutes after the storm the task has not come to an end");
  }
  for (auto& wrong : all_wrongs(world)) course.wrongs.push_back(std::move(wrong));
  count(world, course);
}

}  // namespace

Course run(const Mix& mix) {
  Course course;
  World world(mix.seed, shape_of(mix));
  try {
    play(world, mix, course);
  } catch (const std::exception& thrown) {
    course.wrongs.push_back(std::string("thrown: ") + thrown.what());
  }
  course.transcript = std::move(world.nature.transcript);
  return course;
}

}  // namespace tributary::sim
