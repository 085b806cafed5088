#include "cloud/service/settings.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "cloud/service/log.hpp"

using namespace tributary::service;

namespace {

const std::vector<Option> options = {
    {"site", "name", TextKind{}, "", true, "Name"},
    {"site", "state", PathKind{}, "/var/lib/x", false, "Folder"},
    {"broker", "port", NumberKind{1, 65535}, "8883", false, "Port"},
    {"broker", "tls", FlagKind{}, "true", false, "TLS"},
    {"local", "listen", AddressKind{}, "127.0.0.1:9000", false, "Listener"},
    {"log", "format", ChoiceKind{{"human", "json"}}, "human", false, "Format"},
};

using Environment = std::map<std::string, std::string>;

struct File {
  explicit File(const std::string& text)
      : path(std::filesystem::temp_directory_path() /
             ("tributary-settings-" + std::to_string(getpid()))) {
    std::ofstream(path) << text;
  }
  ~File() { std::filesystem::remove(path); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::filesystem::path path;
};

Settings good(const std::string& text, const Environment& environment = {}) {
  const File file(text);
  auto outcome = read_settings(file.path, options, "APP", environment);
  if (const auto* faults = std::get_if<Faults>(&outcome)) FAIL(faults->front());
  return std::get<Settings>(outcome);
}

Faults faults(const std::string& text, const Environment& environment = {}) {
  const File file(text);
  auto outcome = read_settings(file.path, options, "APP", environment);
  REQUIRE(std::holds_alternative<Faults>(outcome));
  return std::get<Faults>(outcome);
}

bool names(const Faults& all, const std::string& word) {
  return std::ranges::any_of(all,
                             [&](const auto& fault) { return fault.find(word) != fault.npos; });
}

}  // namespace

TEST_CASE("values come from the file, then the environment, else the default") {
  const auto settings = good("[site]\nname = \"a\"\n[broker]\nport = 1883\ntls = false\n",
                             {{"APP_BROKER_PORT", "2000"}, {"APP_LOCAL_LISTEN", "[::1]:80"}});
  CHECK(settings.text("site", "name") == "a");
  CHECK(settings.path("site", "state") == "/var/lib/x");
  CHECK(settings.number("broker", "port") == 2000);
  CHECK_FALSE(settings.flag("broker", "tls"));
  CHECK(settings.address("local", "listen").host == "::1");
  CHECK(settings.address("local", "listen").port == 80);
  CHECK(settings.text("log", "format") == "human");
  CHECK_THROWS_AS(settings.text("site", "unknown"), std::logic_error);
}

TEST_CASE("every fault is collected and names its key") {
  const auto all = faults(
      "surprise = 1\n[site]\nnam = \"a\"\n[broker]\nport = 70000\ntls = \"maybe\"\n"
      "[local]\nlisten = \"nowhere\"\n[log]\nformat = \"xml\"\n");
  for (const char* word : {"surprise", "nam", "name", "port", "tls", "listen", "format"}) {
    CAPTURE(word);
    CHECK(names(all, word));
  }
  CHECK(names(all, "human"));  // the choices are told
  CHECK(names(all, "65535"));  // and the limits
}

TEST_CASE("what the environment says wrongly is named as the environment's") {
  const auto all = faults("[site]\nname = \"a\"\n", {{"APP_BROKER_PORT", "many"}});
  CHECK(all.size() == 1);
  CHECK(names(all, "APP_BROKER_PORT"));
}

TEST_CASE("a file that is missing or not TOML is named, with the line") {
  auto outcome = read_settings("/nowhere/x.toml", options, "APP", {});
  REQUIRE(std::holds_alternative<Faults>(outcome));
  CHECK(names(std::get<Faults>(outcome), "/nowhere/x.toml"));
  CHECK(names(faults("[site]\nname = \n"), "2"));
}

TEST_CASE("log lines: plain words bare, everything else quoted, numbers as people write them") {
  CHECK(log::human_line("round", {{"id", "abc"}, {"seconds", 3.744}, {"n", 7}, {"ok", true}}) ==
        "round id=abc seconds=3.744 n=7 ok=true");
  CHECK(log::human_line("x", {{"text", "two words"}, {"empty", ""}}) ==
        "x text=\"two words\" empty=\"\"");
  CHECK(log::human_line("x", {{"text", "line\nbreak"}}) == "x text=\"line\\nbreak\"");
  CHECK(log::json_line("x", {{"text", "a\"b"}, {"n", 1}}, "info", "now") ==
        R"({"time":"now","level":"info","event":"x","text":"a\"b","n":1})");
}
