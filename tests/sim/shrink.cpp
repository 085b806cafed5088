#include "tests/sim/shrink.hpp"

namespace tributary::sim {
namespace {

constexpr std::size_t lines_from_start = 6;

template <class Change>
void offer(std::vector<Mix>& smaller, const Mix& mix, Change&& change) {
  Mix next = mix;
  change(next);
  if (next.text() != mix.text()) smaller.push_back(std::move(next));
}

void offer_fewer_devices(std::vector<Mix>& smaller, const Mix& mix) {
  for (std::size_t g = 0; g < mix.devices.size(); ++g) {
    const auto count = mix.devices[g];
    // A site with devices has at least n_min of them; the first one keeps its devices.
    if (count > 2) offer(smaller, mix, [&](Mix& next) { --next.devices[g]; });
    if (count > 0 && g > 0 && mix.scope == Scope::gateway) {
      offer(smaller, mix, [&](Mix& next) { next.devices[g] = 0; });
    }
  }
}

// The largest steps first.
std::vector<Mix> smaller_than(const Mix& mix) {
  std::vector<Mix> smaller;
  offer(smaller, mix, [](Mix& next) { next.weather = {}; });
  offer(smaller, mix, [](Mix& next) { next.length /= 2; });
  for (const auto fault : mix.faults) {
    offer(smaller, mix, [&](Mix& next) { next.faults.erase(fault); });
  }
  offer(smaller, mix, [](Mix& next) { next.rounds = (next.rounds + 1) / 2; });
  offer_fewer_devices(smaller, mix);
  offer(smaller, mix, [](Mix& next) { next.spared = 2 * next.spared + 1; });
  offer(smaller, mix, [](Mix& next) { ++next.spared; });
  offer(smaller, mix, [](Mix& next) { next.length = next.length * 7 / 8; });
  offer(smaller, mix, [](Mix& next) { next.weather.loss = 0; });
  offer(smaller, mix, [](Mix& next) { next.weather.duplicate = 0; });
  offer(smaller, mix, [](Mix& next) { next.weather.reorder = false; });
  offer(smaller, mix, [](Mix& next) { next.weather.jitter = Span(0); });
  offer(smaller, mix, [](Mix& next) { next.patience_seconds = 0; });
  offer(smaller, mix, [](Mix& next) { next.privacy = false; });
  return smaller;
}

bool chatter(const std::string& line) {
  return line.find(" -> ") != std::string::npos;
}

}  // namespace

Shrunk shrink(const Mix& mix, Course failing, const Run& run, unsigned most_tries) {
  Shrunk best{mix, std::move(failing), 0};
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (const auto& next : smaller_than(best.mix)) {
      if (best.tries >= most_tries) return best;
      ++best.tries;
      auto course = run(next);
      if (course.wrongs.empty()) continue;
      best.mix = next;
      best.course = std::move(course);
      smaller = true;
      break;
    }
  }
  return best;
}

std::vector<std::string> short_transcript(const std::vector<std::string>& lines, std::size_t most) {
  if (lines.size() <= most) return lines;
  std::vector<std::string> kept;
  for (const auto& line : lines) {
    if (!chatter(line)) kept.push_back(line);
  }
  if (kept.size() <= most) return kept;
  const auto left_out = kept.size() - most + 1;
  const auto first = kept.begin() + static_cast<std::ptrdiff_t>(lines_from_start);
  kept.erase(first, first + static_cast<std::ptrdiff_t>(left_out));
  kept.insert(kept.begin() + static_cast<std::ptrdiff_t>(lines_from_start),
              "  .. " + std::to_string(left_out) + " lines");
  return kept;
}

std::string report(const Shrunk& shrunk) {
  const auto mix = shrunk.mix.text();
  std::string text = "smallest mix after " + std::to_string(shrunk.tries) +
                     " tries, repeat: test_sim --mix \"" + mix + "\"\n";
  for (const auto& line : short_transcript(shrunk.course.transcript)) text += line + "\n";
  for (const auto& wrong : shrunk.course.wrongs) text += "WRONG: " + wrong + "\n";
  return text;
}

}  // namespace tributary::sim
