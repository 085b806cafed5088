//   bench_pending_rows gateway STATE CREDENTIALS COORDINATOR_KEY ROWS
//   bench_pending_rows coordinator STATE ROWS
// Fills the state folder of a program and prints what is in it as JSON; restart.py measures with it.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/bench/pending_rows.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace {

using tributary::bench::Filled;

Filled fill(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "gateway" && argc == 6) {
    return tributary::bench::fill_gateway(argv[2], argv[3], argv[4], std::stoull(argv[5]));
  }
  if (what == "coordinator" && argc == 4) {
    return tributary::bench::fill_coordinator(argv[2], std::stoull(argv[3]));
  }
  throw std::runtime_error(
      "gateway STATE CREDENTIALS COORDINATOR_KEY ROWS, or coordinator STATE ROWS");
}

}  // namespace

int main(int argc, char** argv) try {
  doctest::Context context;  // the test world checks itself with doctest
  context.setAsDefaultForAssertsOutOfTestCases();
  context.setAssertHandler([](const doctest::AssertData& check) {
    if (check.m_failed) throw std::runtime_error(std::string("failed: ") + check.m_expr);
  });
  umask(077);
  const Filled filled = fill(argc, argv);
  std::printf(
      "{\"messages\": %llu, \"chunks\": %llu, \"contributions\": %llu, \"statements\": %llu, "
      "\"contexts\": %llu, \"bytes\": %llu}\n",
      static_cast<unsigned long long>(filled.messages),
      static_cast<unsigned long long>(filled.chunks),
      static_cast<unsigned long long>(filled.contributions),
      static_cast<unsigned long long>(filled.statements),
      static_cast<unsigned long long>(filled.contexts),
      static_cast<unsigned long long>(filled.bytes));
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_pending_rows: %s\n", error.what());
  return EXIT_FAILURE;
}
