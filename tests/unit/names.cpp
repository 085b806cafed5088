// With TRIBUTARY_TEST_NAMES in the environment a program says what ran, one line per test case: "passed: NAME" or
// "failed: NAME". tests/promises/run reads them.
#include <doctest/doctest.h>

#include <cstdlib>
#include <iostream>

namespace {

class Names : public doctest::IReporter {
 public:
  explicit Names(const doctest::ContextOptions&) {}

  void test_case_start(const doctest::TestCaseData& test) override { name_ = test.m_name; }
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (std::getenv("TRIBUTARY_TEST_NAMES") == nullptr) return;
    std::cout << (stats.failure_flags == 0 ? "passed: " : "failed: ") << name_ << std::endl;
  }

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

 private:
  const char* name_ = "";
};

}  // namespace

REGISTER_LISTENER("names", 1, Names);
