#include "cloud/cli/plan_commands.hpp"

#include <doctest/doctest.h>

#include "cloud/cli/commands.hpp"
#include "cloud/cli/files.hpp"

using namespace tributary::cli;

namespace {

// What `tributary plan pairwise ARGUMENTS` throws as text; empty when it goes through.
std::string complaint(const std::string& arguments) {
  CLI::App program;
  add_plan_commands(program);
  try {
    program.parse("plan pairwise " + arguments + " --json");
  } catch (const CLI::ParseError& error) {
    return error.what();
  } catch (const CommandFault& fault) {
    CHECK(fault.code == 2);
    return fault.what();
  }
  return {};
}

bool names(const std::string& text, const std::string& option) {
  return text.find(option) != std::string::npos;
}

}  // namespace

TEST_CASE("the plan has three figures") {
  const auto plan = plan_object(plan_pairwise({300, 0.05, 0.10, "active"}));
  CHECK(boost::json::serialize(plan) == R"({"neighbours":60,"threshold_min":38,"threshold":38})");
  CHECK(plan_pairwise({300, 0.05, 0.10, "semi-honest"}).neighbours == 32);
  CHECK(plan_pairwise({300, 0.05, 0.10, "semi-honest", 60, 30}).neighbours > 32);
}

TEST_CASE("the sentences name the figures and say when the mode is recommended") {
  const PairwiseQuestion small{100, 0.05, 0.10, "active"};
  const std::string text = plan_text(small, plan_pairwise(small));
  CHECK(names(text, "26 neighbours"));
  CHECK(names(text, "any 16"));
  CHECK(names(text, "2^-40"));
  CHECK(names(text, "50,000"));
  const PairwiseQuestion large{1000, 0.05, 0.10, "active"};
  CHECK(names(plan_text(large, plan_pairwise(large)), "split-trust is recommended"));
}

TEST_CASE("a bad value names its option") {
  const std::string good = "--devices 100 --corrupt 0.05 --dropout 0.1 --gateway active";
  CHECK(complaint(good).empty());
  CHECK(names(complaint("--devices 2 --corrupt 0 --dropout 0 --gateway active"), "--devices"));
  CHECK(names(complaint("--devices 9 --corrupt 1 --dropout 0 --gateway active"), "--corrupt"));
  CHECK(names(complaint("--devices 9 --corrupt 0 --dropout -1 --gateway active"), "--dropout"));
  CHECK(names(complaint("--devices 9 --corrupt nan --dropout 0 --gateway active"), "--corrupt"));
  CHECK(complaint("--devices 9 --corrupt 0 --dropout 0.9999999 --gateway semi-honest") != "");
  CHECK(names(complaint("--devices 9 --corrupt 0 --dropout x --gateway active"), "--dropout"));
  CHECK(names(complaint("--devices 9 --corrupt 0 --dropout 0 --gateway good"), "--gateway"));
  CHECK(names(complaint("--devices 9 --corrupt 0 --dropout 0"), "--gateway"));
  CHECK(names(complaint(good + " --sigma 0"), "--sigma"));
  CHECK(names(complaint(good + " --eta 200"), "--eta"));
}

TEST_CASE("assumptions without an answer say what to change") {
  const auto wide =
      complaint("--devices 1000 --corrupt 0.33 --dropout 0.33 --gateway semi-honest --eta 20");
  CHECK(names(wide, "286"));
  CHECK(names(wide, "254"));
  CHECK(names(wide, "--corrupt"));
  const auto never = complaint("--devices 40 --corrupt 0.5 --dropout 0.5 --gateway active");
  CHECK(names(never, "no threshold"));
  CHECK(names(never, "--gateway semi-honest"));
}
