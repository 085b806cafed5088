#include "gateway/scheduling/deadline.hpp"

#include <algorithm>
#include <cmath>

namespace tributary::gateway::scheduling {
namespace {

constexpr double slack = 1.25;

}  // namespace

Span wait_for(std::span<const Record> chosen, Time closes_at, Time now) {
  const Span most = std::max(closes_at - now, Span(0));
  double longest = 0;
  for (const auto& record : chosen) {
    const auto delay = static_cast<double>((begins_at(record, now) - now).count());
    if (record.seconds.weight <= 0) return most;
    longest =
        std::max(longest, delay + slack * (record.seconds.mean + 3 * record.seconds.deviation()));
  }
  if (chosen.empty()) return most;
  const Span wait(static_cast<std::int64_t>(std::ceil(longest)));
  return std::min(most, std::max(wait, shortest_wait));
}

}  // namespace tributary::gateway::scheduling
