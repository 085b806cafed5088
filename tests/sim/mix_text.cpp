#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <stdexcept>

#include "tests/sim/mix.hpp"

namespace tributary::sim {
namespace {

constexpr std::array<const char*, fault_classes> fault_names{
    "gateway_dies",       "gateway_in_batch", "gateway_silent", "coordinator_dies",
    "coordinator_midway", "device_dies",      "device_midway",  "broker_dies",
    "broker_forgets",     "session_drops",    "line_cut",       "session_cut"};
constexpr std::array<const char*, 3> trust_names{"split", "gateway", "pairwise"};
constexpr std::array<const char*, 3> scope_names{"gateway", "group", "global"};

template <std::size_t size>
std::uint8_t place_in(const std::array<const char*, size>& names, const std::string& name) {
  const auto found = std::ranges::find_if(names, [&](const char* one) { return name == one; });
  if (found == names.end()) throw std::invalid_argument("mix: '" + name + "' is no name");
  return static_cast<std::uint8_t>(found - names.begin());
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);) parts.push_back(part);
  return parts;
}

template <class List, class Word>
std::string joined(const List& list, const char* between, Word&& word) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : between) + std::string(word(item));
  return text.empty() ? "none" : text;
}

// Every member of a mix, by name: one list for both directions.
template <class AnyMix, class Visitor>
void visit(AnyMix& mix, Visitor&& with) {
  with("seed", mix.seed);
  with("devices", mix.devices);
  with("trust", mix.trust);
  with("scope", mix.scope);
  with("privacy", mix.privacy);
  with("rounds", mix.rounds);
  with("deadline", mix.deadline_seconds);
  with("patience", mix.patience_seconds);
  with("loss", mix.weather.loss);
  with("duplicate", mix.weather.duplicate);
  with("delay", mix.weather.delay);
  with("jitter", mix.weather.jitter);
  with("reorder", mix.weather.reorder);
  with("length", mix.length);
  with("pause", mix.longest_pause);
  with("outage", mix.longest_outage);
  with("faults", mix.faults);
  with("spared", mix.spared);
  with("plant", mix.plant);
}

struct Writer {
  std::string text;
  template <class Value>
  void operator()(const char* name, const Value& value) {
    text += (text.empty() ? "" : " ") + std::string(name) + "=" + word(value);
  }
  template <class Number>
  static std::string word(const Number& number) {
    return std::to_string(number);
  }
  static std::string word(bool flag) { return flag ? "1" : "0"; }
  static std::string word(double share) {
    return std::to_string(static_cast<std::uint64_t>(share * 1000 + 0.5));
  }
  static std::string word(Span span) { return std::to_string(span.count()); }
  static std::string word(Trust trust) { return trust_names.at(static_cast<std::size_t>(trust)); }
  static std::string word(Scope scope) { return scope_names.at(static_cast<std::size_t>(scope)); }
  static std::string word(const std::vector<std::uint32_t>& counts) {
    return joined(counts, "+", [](std::uint32_t count) { return std::to_string(count); });
  }
  static std::string word(const std::set<Fault>& faults) { return joined(faults, ",", name_of); }
};

struct Reader {
  std::string name;
  std::string text;
  bool known = false;

  template <class Value>
  void operator()(const char* member, Value& value) {
    if (name != member) return;
    known = true;
    read(value);
  }
  std::uint64_t number(const std::string& digits) const {
    std::uint64_t value = 0;
    const char* last = digits.data() + digits.size();
    const auto [end, fault] = std::from_chars(digits.data(), last, value);
    if (fault == std::errc{} && end == last) return value;
    throw std::invalid_argument("mix: " + name + "=" + text + " is no number");
  }
  void read(std::uint64_t& value) const { value = number(text); }
  void read(std::uint32_t& value) const { value = static_cast<std::uint32_t>(number(text)); }
  void read(bool& value) const { value = number(text) != 0; }
  void read(double& value) const { value = static_cast<double>(number(text)) / 1000; }
  void read(Span& value) const { value = Span(static_cast<std::int64_t>(number(text))); }
  void read(Trust& value) const { value = static_cast<Trust>(place_in(trust_names, text)); }
  void read(Scope& value) const { value = static_cast<Scope>(place_in(scope_names, text)); }
  void read(std::vector<std::uint32_t>& counts) const {
    counts.clear();
    for (const auto& part : split(text, '+')) {
      counts.push_back(static_cast<std::uint32_t>(number(part)));
    }
  }
  void read(std::set<Fault>& faults) const {
    faults.clear();
    if (text == "none") return;
    for (const auto& part : split(text, ',')) {
      faults.insert(static_cast<Fault>(place_in(fault_names, part)));
    }
  }
};

}  // namespace

const char* name_of(Fault fault) {
  return fault_names.at(static_cast<std::size_t>(fault));
}

std::string Mix::text() const {
  Writer writer;
  visit(*this, writer);
  return writer.text;
}

Mix Mix::parse(const std::string& text) {
  Mix mix;
  for (const auto& word : split(text, ' ')) {
    const auto equals = word.find('=');
    Reader reader{word.substr(0, equals),
                  equals == std::string::npos ? std::string{} : word.substr(equals + 1)};
    visit(mix, reader);
    if (!reader.known) throw std::invalid_argument("mix: '" + word + "' names no member");
  }
  return mix;
}

}  // namespace tributary::sim
