// The worlds of the unit tests check with doctest; in a fuzz target a failed check ends the process.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

namespace {

doctest::Context context;

const bool set = [] {
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& data) {
    if (!data.m_failed) return;
    std::fprintf(stderr, "%s:%d: does not hold: %s\n", data.m_file, data.m_line, data.m_expr);
    std::abort();
  });
  return true;
}();

}  // namespace
