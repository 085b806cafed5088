// Documents of people, PROTOCOL.md 11.1: what is refused and why, what a partial update leaves, who follows whom.
#include "gateway/steering/document.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

using namespace tributary;
using namespace tributary::gateway::steering;

namespace {

std::string reason(std::string_view payload, Subject subject = Subject::device) {
  const auto parsed = parse_patch(payload, subject);
  const auto* refused = std::get_if<Refused>(&parsed);
  return refused != nullptr ? refused->reason : "";
}

Patch patch(std::string_view payload) {
  auto parsed = parse_patch(payload, Subject::device);
  REQUIRE(std::holds_alternative<Patch>(parsed));
  return std::get<Patch>(parsed);
}

v1::Settings wire_of(const Effective& effective) {
  v1::Settings settings;
  fill(settings, effective.settings);
  return settings;
}

}  // namespace

TEST_CASE("every setting has its range, and what is outside is refused with name and range") {
  struct Case {
    const char* good[3];
    const char* bad[5];
  };
  const Case cases[] = {
      {{R"("pause":true)", R"("pause":false)", R"("pause":null)"},
       {R"("pause":1)", R"("pause":"yes")", R"("pause":[])", R"("pause":{})", R"("Pause":true)"}},
      {{R"("participation_window":"22:00-06:00")", R"("participation_window":"00:00-23:59")",
        R"("participation_window":null)"},
       {R"("participation_window":"22:00-24:00")", R"("participation_window":"8:00-9:00")",
        R"("participation_window":"08:00-08:00")", R"("participation_window":"08:00 09:00")",
        R"("participation_window":"08:60-09:00")"}},
      {{R"("min_battery":0)", R"("min_battery":100)", R"("min_link":50)"},
       {R"("min_battery":101)", R"("min_battery":-1)", R"("min_battery":50.5)",
        R"("min_battery":"50")", R"("min_link":1e1)"}},
      {{R"("local_steps":1)", R"("local_steps":1000000)", R"("min_examples":1000000000)"},
       {R"("local_steps":0)", R"("local_steps":1000001)", R"("local_steps":4294967297)",
        R"("min_examples":1000000001)", R"("local_steps":18446744073709551615)"}},
      {{R"("batch_size":65536)", R"("chunk_size":48)", R"("chunk_size":262128)"},
       {R"("batch_size":65537)", R"("batch_size":0)", R"("chunk_size":47)",
        R"("chunk_size":262129)", R"("batch_size":true)"}},
      {{R"("learning_rate":0.01)", R"("learning_rate":1000)", R"("clip":1000000)"},
       {R"("learning_rate":0)", R"("learning_rate":1e-60)", R"("learning_rate":1000.1)",
        R"("clip":-1)", R"("clip":"1")"}},
      {{R"("local_noise":0)", R"("local_noise":1000)", R"("log_level":"none")"},
       {R"("local_noise":-0.1)", R"("local_noise":1001)", R"("log_level":"loud")",
        R"("log_level":3)", R"("colour":"red")"}},
      {{R"("groups":[])", R"("groups":["line-3","B"])", R"("forget":true)"},
       {R"("groups":["all"])", R"("groups":["a","a"])", R"("groups":["a b"])", R"("groups":"a")",
        R"("forget":false)"}},
  };
  for (const auto& one : cases) {
    for (const auto* member : one.good) {
      CAPTURE(member);
      CHECK(reason("{" + std::string(member) + "}") == "");
    }
    for (const auto* member : one.bad) {
      CAPTURE(member);
      CHECK(reason("{" + std::string(member) + "}") != "");
    }
  }
  CHECK(reason(R"({"batch_size":0})") == "batch_size: 0 is not a whole number within 1 .. 65536");
}

TEST_CASE("one bad member refuses all of a set") {
  CHECK(reason(R"({"pause":true,"min_battery":200})").find("min_battery") == 0);
  CHECK(reason(R"({"min_battery":200,"pause":true,"request":"r"})") != "");
}

TEST_CASE("attack: what is no JSON object, too deep or too long is refused") {
  for (const char* payload : {"", "true", "[]", "{", "{\"pause\":true}x", "\"pause\""}) {
    CAPTURE(payload);
    CHECK(reason(payload) != "");
  }
  CHECK(reason(std::string(100, '[')) != "");
  std::string nested = "{\"groups\":";
  for (int i = 0; i < 1000; ++i) nested += '[';
  CHECK(reason(nested) != "");
  CHECK(reason("{\"request\":\"" + std::string(5000, 'x') + "\"}").find("4096") !=
        std::string::npos);
  CHECK(patch("{\"request\":\"" + std::string(500, 'x') + "\"}").request.size() == 64);
  CHECK(reason("{\"" + std::string(3000, 'n') + "\":1}").size() < 100);
}

TEST_CASE("groups have settings alone") {
  for (const char* payload : {R"({"groups":["a"]})", R"({"forget":true})",
                              R"({"decommission":true})", R"({"revoked":true})"}) {
    CAPTURE(payload);
    CHECK(reason(payload, Subject::group) != "");
    CHECK(reason(payload) == "");
  }
  CHECK(reason(R"({"pause":true})", Subject::group) == "");
}

TEST_CASE("a partial update replaces what it names, null takes away, the rest stays") {
  Document document;
  document = patched(document, patch(R"({"pause":true,"local_steps":5,"groups":["a","b"]})"), 1);
  document = patched(document, patch(R"({"local_steps":6,"clip":0.5})"), 2);
  CHECK(document.version == 2);
  CHECK(document.settings.size() == 3);
  CHECK(document.settings.at("local_steps").to_number<int>() == 6);
  CHECK(document.groups == std::vector<std::string>{"a", "b"});
  document = patched(document, patch(R"({"pause":null,"clip":null,"groups":null})"), 3);
  CHECK(document.settings.size() == 1);
  CHECK(document.groups.empty());
}

TEST_CASE("forget counts up, decommission stays") {
  Document document;
  document = patched(document, patch(R"({"forget":true})"), 1);
  document = patched(document, patch(R"({"forget":true,"decommission":true})"), 2);
  document = patched(document, patch(R"({"pause":true})"), 3);
  CHECK(document.forget == 2);
  CHECK(document.decommission);
}

TEST_CASE("settings of all, of groups in their order, and own ones: the later wins") {
  Groups groups;
  groups["all"] =
      patched({}, patch(R"({"local_steps":1,"batch_size":1,"min_link":1,"clip":1})"), 10);
  groups["a"] = patched({}, patch(R"({"local_steps":2,"batch_size":2,"min_link":2})"), 30);
  groups["b"] = patched({}, patch(R"({"local_steps":3,"batch_size":3})"), 20);
  Document own = patched({}, patch(R"({"local_steps":4,"groups":["a","b","unknown"]})"), 5);
  const auto effective = resolve(groups, own);
  CHECK(effective.version == 30);
  const auto settings = wire_of(effective);
  CHECK(settings.local_steps() == 4);
  CHECK(settings.batch_size() == 3);
  CHECK(settings.min_link() == 2);
  CHECK(settings.clip() == doctest::Approx(1));
  own.groups = {"b", "a"};
  CHECK(wire_of(resolve(groups, own)).batch_size() == 2);
  own.groups = {};
  CHECK(resolve(groups, own).version == 10);
  CHECK(wire_of(resolve(groups, own)).batch_size() == 1);
  CHECK(resolve({}, {}).version == 0);
  CHECK(follows(own, "all"));
  CHECK_FALSE(follows(own, "a"));
}

TEST_CASE("a document is read back as it was kept, and a damaged one is none") {
  const auto document = patched(
      {}, patch(R"({"pause":true,"clip":0.25,"upload_window":"01:00-02:30","log_level":"info",
                    "groups":["line-3"],"forget":true})"),
      1'800'000'000);
  const auto text = kept_text(document);
  const auto again = read_document(text);
  REQUIRE(again);
  CHECK(kept_text(*again) == text);
  const auto settings = wire_of(resolve({}, *again));
  CHECK(settings.upload_window().from() == 60);
  CHECK(settings.upload_window().until() == 150);
  CHECK(settings.log_level() == v1::LOG_LEVEL_INFO);
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK_FALSE(read_document(text.substr(0, size)));
  CHECK_FALSE(read_document(
      R"({"version":1,"settings":{"clip":-1},"groups":[],"forget":0,"decommission":false})"));
  CHECK_FALSE(
      read_document(R"({"version":-1,"settings":{},"groups":[],"forget":0,"decommission":false})"));
}

TEST_CASE("settings of the largest kind fit the message's limit of 256 bytes") {
  auto document = patched({}, patch(R"({"pause":true,"participation_window":"23:59-23:58",
    "upload_window":"23:59-23:58","min_battery":100,"min_link":100,"mains_only":true,
    "min_examples":1000000000,"local_steps":1000000,"batch_size":65536,"learning_rate":1000,
    "clip":1000000,"local_noise":1000,"chunk_size":262128,"log_level":"none"})"),
                          ~std::uint64_t{0});
  auto settings = wire_of(resolve({}, document));
  settings.set_device_id(std::string(16, '\xff'));
  settings.set_version(~std::uint64_t{0});
  settings.set_forget(~std::uint32_t{0});
  settings.set_decommission(true);
  CHECK(settings.ByteSizeLong() <= 256);
  CHECK(v1::Settings::descriptor()->field_count() == 18);
}
