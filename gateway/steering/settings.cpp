#include "gateway/steering/settings.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <optional>
#include <variant>

namespace tributary::gateway::steering {
namespace {

namespace json = boost::json;

struct Flag {
  void (v1::Settings::*set)(bool);
};
struct Whole {
  std::uint32_t least;
  std::uint32_t most;
  void (v1::Settings::*set)(std::uint32_t);
};
struct Real {
  bool zero;  // is a value
  double most;
  void (v1::Settings::*set)(float);
};
struct Hours {
  v1::Window* (v1::Settings::*window)();
};
struct Level {};

struct Rule {
  std::string_view name;
  std::uint32_t field;
  std::variant<Flag, Whole, Real, Hours, Level> kind;
};

using S = v1::Settings;
const std::array<Rule, 14> rules{{
    {"pause", S::kPauseFieldNumber, Flag{&S::set_pause}},
    {"participation_window", S::kParticipationWindowFieldNumber,
     Hours{&S::mutable_participation_window}},
    {"upload_window", S::kUploadWindowFieldNumber, Hours{&S::mutable_upload_window}},
    {"min_battery", S::kMinBatteryFieldNumber, Whole{0, 100, &S::set_min_battery}},
    {"min_link", S::kMinLinkFieldNumber, Whole{0, 100, &S::set_min_link}},
    {"mains_only", S::kMainsOnlyFieldNumber, Flag{&S::set_mains_only}},
    {"min_examples", S::kMinExamplesFieldNumber, Whole{0, 1'000'000'000, &S::set_min_examples}},
    {"local_steps", S::kLocalStepsFieldNumber, Whole{1, 1'000'000, &S::set_local_steps}},
    {"batch_size", S::kBatchSizeFieldNumber, Whole{1, 65536, &S::set_batch_size}},
    {"learning_rate", S::kLearningRateFieldNumber, Real{false, 1000, &S::set_learning_rate}},
    {"clip", S::kClipFieldNumber, Real{false, 1e6, &S::set_clip}},
    {"local_noise", S::kLocalNoiseFieldNumber, Real{true, 1000, &S::set_local_noise}},
    {"chunk_size", S::kChunkSizeFieldNumber, Whole{48, 262128, &S::set_chunk_size}},
    {"log_level", S::kLogLevelFieldNumber, Level{}},
}};

const Rule* rule_of(std::string_view name) {
  for (const auto& rule : rules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

struct Minutes {
  std::uint32_t from;
  std::uint32_t until;
};

// "HH:MM" at the beginning of `text`.
std::optional<std::uint32_t> minute_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const std::size_t at : {0, 1, 3, 4}) {
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
  }
  const auto digit = [&](std::size_t at) { return static_cast<std::uint32_t>(text[at] - '0'); };
  const std::uint32_t hour = 10 * digit(0) + digit(1);
  const std::uint32_t minute = 10 * digit(3) + digit(4);
  if (hour > 23 || minute > 59) return std::nullopt;
  return 60 * hour + minute;
}

std::optional<Minutes> minutes_of(const json::value& value) {
  if (!value.is_string() || value.get_string().size() != 11) return std::nullopt;
  const std::string_view text(value.get_string().data(), 11);
  const auto from = minute_of(text.substr(0, 5));
  const auto until = minute_of(text.substr(6));
  if (text[5] != '-' || !from || !until || *from == *until) return std::nullopt;
  return Minutes{*from, *until};
}

std::optional<v1::LogLevel> level_of(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  const std::string_view text(value.get_string().data(), value.get_string().size());
  if (text == "debug") return v1::LOG_LEVEL_DEBUG;
  if (text == "info") return v1::LOG_LEVEL_INFO;
  if (text == "warning") return v1::LOG_LEVEL_WARNING;
  if (text == "none") return v1::LOG_LEVEL_NONE;
  return std::nullopt;
}

std::optional<std::uint32_t> whole_of(const Whole& kind, const json::value& value) {
  boost::system::error_code error;
  const auto number = value.is_number() && !value.is_double()
                          ? value.to_number<std::uint32_t>(error)
                          : std::uint32_t{0};
  if (!value.is_number() || value.is_double() || error || number < kind.least ||
      number > kind.most) {
    return std::nullopt;
  }
  return number;
}

std::optional<float> real_of(const Real& kind, const json::value& value) {
  boost::system::error_code error;
  if (!value.is_number()) return std::nullopt;
  const double number = value.to_number<double>(error);
  const auto narrow = static_cast<float>(number);
  // 0 is how the message says that there is no such setting.
  if (error || !std::isfinite(number) || number > kind.most || narrow < 0.0F ||
      (narrow <= 0.0F && !kind.zero)) {
    return std::nullopt;
  }
  return narrow;
}

std::string number_text(double number) {
  return std::to_string(static_cast<std::int64_t>(number));
}

// What the value ought to be; empty: it is.
struct Expectation {
  const json::value& value;
  std::string operator()(const Flag&) const { return value.is_bool() ? "" : "true or false"; }
  std::string operator()(const Whole& kind) const {
    if (whole_of(kind, value)) return {};
    return "a whole number within " + std::to_string(kind.least) + " .. " +
           std::to_string(kind.most);
  }
  std::string operator()(const Real& kind) const {
    if (real_of(kind, value)) return {};
    return kind.zero ? "a number within 0 .. " + number_text(kind.most)
                     : "a number above 0 and at most " + number_text(kind.most);
  }
  std::string operator()(const Hours&) const {
    return minutes_of(value) ? "" : "\"HH:MM-HH:MM\" with two different times";
  }
  std::string operator()(const Level&) const {
    return level_of(value) ? "" : "\"debug\", \"info\", \"warning\" or \"none\"";
  }
};

struct Placing {
  v1::Settings& message;
  const json::value& value;
  void operator()(const Flag& kind) const { (message.*kind.set)(value.get_bool()); }
  void operator()(const Whole& kind) const { (message.*kind.set)(*whole_of(kind, value)); }
  void operator()(const Real& kind) const { (message.*kind.set)(*real_of(kind, value)); }
  void operator()(const Hours& kind) const {
    const auto minutes = *minutes_of(value);
    (message.*kind.window)()->set_from(minutes.from);
    (message.*kind.window)()->set_until(minutes.until);
  }
  void operator()(const Level&) const { message.set_log_level(*level_of(value)); }
};

}  // namespace

bool is_setting(std::string_view name) {
  return rule_of(name) != nullptr;
}

std::string fault_of(std::string_view name, const json::value& value) {
  const Rule* rule = rule_of(name);
  if (rule == nullptr) return std::string(name) + " is no setting";
  const auto expected = std::visit(Expectation{value}, rule->kind);
  if (expected.empty()) return {};
  std::string shown = json::serialize(value);
  if (shown.size() > 40) shown = shown.substr(0, 37) + "...";
  return std::string(name) + ": " + shown + " is not " + expected;
}

void fill(v1::Settings& message, const Values& values) {
  for (const auto& [name, value] : values) {
    if (const Rule* rule = rule_of(name)) std::visit(Placing{message, value}, rule->kind);
  }
}

std::string_view setting_of_field(std::uint32_t field) {
  for (const auto& rule : rules) {
    if (rule.field == field) return rule.name;
  }
  return {};
}

}  // namespace tributary::gateway::steering
