#include "gateway/scheduling/record.hpp"

#include <algorithm>
#include <cmath>

namespace tributary::gateway::scheduling {
namespace {

constexpr double forgetting = 0.8;
constexpr double prior_weight = 4;

double halved(double failures, Span elapsed, Span interval) {
  const double rounds = static_cast<double>(std::max<std::int64_t>(elapsed.count(), 0)) /
                        static_cast<double>(std::max<std::int64_t>(interval.count(), 1));
  return failures * std::exp2(-rounds / failures_halve);
}

void forget(Record& record) {
  record.completed *= forgetting;
  record.missed *= forgetting;
}

double rest_after(double failures) {
  if (failures < 1.5) return 0;
  return std::min(longest_rest, std::exp2(std::round(failures) - 2));
}

}  // namespace

// Weighted as West (1979) does it, with the old weights multiplied at each step.
void Running::take(double value) {
  weight = weight * forgetting + 1;
  const double difference = value - mean;
  mean += difference / weight;
  square_deviation = (1 - 1 / weight) * (square_deviation + difference * difference / weight);
}

double Running::deviation() const {
  return std::sqrt(square_deviation);
}

void note_contribution(Record& record, Span taken) {
  forget(record);
  record.completed += 1;
  record.contributions += 1;
  record.failures = std::max(0.0, record.failures - 1);
  record.seconds.take(static_cast<double>(std::max<std::int64_t>(taken.count(), 0)));
}

void note_miss(Record& record, Time now, Span interval) {
  record.failures = halved(record.failures, now - record.failed_at, interval) + 1;
  record.failed_at = now;
  forget(record);
  record.missed += 1;
}

double reliability(const Record& record, double prior) {
  return (prior * prior_weight + record.completed) /
         (prior_weight + record.completed + record.missed);
}

Time rested_at(const Record& record, Span interval) {
  const double seconds = rest_after(record.failures) *
                         static_cast<double>(std::max<std::int64_t>(interval.count(), 1));
  return record.failed_at + Span(static_cast<std::int64_t>(seconds));
}

}  // namespace tributary::gateway::scheduling
