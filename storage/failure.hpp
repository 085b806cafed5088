// The one exception of this folder: storage that does not do its job. Nothing has become durable
// unless the call that threw says otherwise.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace tributary::storage {

enum class FailureKind : std::uint8_t {
  full,     // no space, quota or file size limit: frees itself when space does
  io,       // the medium failed; what was not synced is unknown: restart and recover
  corrupt,  // the content is not what was written
  locked,   // another process or object has it open
  newer,    // written by a newer version of the program
  other,    // a constraint, a bug, a missing folder
};
const char* name_of(FailureKind kind);

class Failure : public std::runtime_error {
 public:
  Failure(FailureKind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  FailureKind kind() const noexcept { return kind_; }

 private:
  FailureKind kind_;
};

// "<what>: <text of the errno>", with the kind that belongs to it.
Failure system_failure(const std::string& what, int error_number);

}  // namespace tributary::storage
