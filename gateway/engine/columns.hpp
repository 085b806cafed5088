// Columns of gateway.db to typed values; a value of a wrong length is corruption.
#pragma once

#include <string>

#include "crypto/bytes.hpp"
#include "storage/database.hpp"

namespace tributary::gateway::engine {

[[noreturn]] inline void damaged(std::string_view what) {
  throw storage::Failure(storage::FailureKind::corrupt,
                         "gateway.db: " + std::string(what) + " has a wrong length");
}

template <class Value>
Value fixed(storage::Blob bytes, std::string_view what) {
  auto value = Value::from(bytes);
  if (!value) damaged(what);
  return std::move(*value);
}

inline std::string text(storage::Blob bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace tributary::gateway::engine
