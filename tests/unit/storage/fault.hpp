// Faults of the operating system, for the length of a scope.
#pragma once

#include <sys/resource.h>
#include <csignal>

#include <doctest/doctest.h>

#include "storage/failure.hpp"

namespace tributary::storage::test {

// No file of this process can grow beyond `bytes`: writes fail with EFBIG, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    signal_before_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_before_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*signal_before_)(int) = nullptr;
};

// The kind of the Failure that `work` throws; the test fails when it throws none.
template <class Work>
FailureKind failure_of(Work&& work) {
  try {
    work();
  } catch (const Failure& failure) {
    INFO(failure.what());
    return failure.kind();
  }
  FAIL("no Failure was thrown");
  return FailureKind::other;
}

}  // namespace tributary::storage::test
