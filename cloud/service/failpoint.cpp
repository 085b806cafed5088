#include "cloud/service/failpoint.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>

namespace tributary::service {
namespace {

constexpr std::array<std::pair<Failpoint, std::string_view>, 14> names{{
    {Failpoint::journal_appended, "journal-appended"},
    {Failpoint::journal_synced, "journal-synced"},
    {Failpoint::batch_committed, "batch-committed"},
    {Failpoint::before_receipt, "before-receipt"},
    {Failpoint::survivors_durable, "survivors-durable"},
    {Failpoint::sum_made, "sum-made"},
    {Failpoint::outbox_answered, "outbox-answered"},
    {Failpoint::helper_recorded, "helper-recorded"},
    {Failpoint::helper_answered, "helper-answered"},
    {Failpoint::round_opened, "round-opened"},
    {Failpoint::statement_recorded, "statement-recorded"},
    {Failpoint::part_combined, "part-combined"},
    {Failpoint::round_released, "round-released"},
    {Failpoint::round_abandoned, "round-abandoned"},
}};

struct Target {
  Failpoint point;
  std::uint64_t times;
};

std::string_view asked() {
  const char* text = std::getenv("TRIBUTARY_FAILPOINT");
  return text == nullptr ? std::string_view{} : text;
}

std::optional<Target> parse(std::string_view text) {
  const auto colon = text.find(':');
  const auto known =
      std::ranges::find(names, text.substr(0, colon), &decltype(names)::value_type::second);
  if (known == names.end()) return std::nullopt;
  Target target{known->first, 1};
  if (colon == std::string_view::npos) return target;
  const auto digits = text.substr(colon + 1);
  const auto read = std::from_chars(digits.begin(), digits.end(), target.times);
  if (read.ec != std::errc{} || read.ptr != digits.end() || target.times == 0) return std::nullopt;
  return target;
}

}  // namespace

std::string_view name_of(Failpoint point) {
  return std::ranges::find(names, point, &decltype(names)::value_type::first)->second;
}

void reach(Failpoint point) {
  static const std::optional<Target> target = parse(asked());
  static std::atomic<std::uint64_t> reached{0};
  if (!target || target->point != point) return;
  if (++reached == target->times) std::raise(SIGKILL);
}

std::string failpoint_fault() {
  if (asked().empty() || parse(asked())) return {};
  std::string fault =
      "TRIBUTARY_FAILPOINT: no such place as '" + std::string(asked()) + "'; they are";
  for (const auto& [point, name] : names) fault += ' ' + std::string(name);
  return fault + ", each with :N for the N-th time";
}

}  // namespace tributary::service
