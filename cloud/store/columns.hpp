// Columns to typed values; a value of a wrong length is corruption.
#pragma once

#include "cloud/store/rows.hpp"
#include "storage/database.hpp"

namespace tributary::cloud::store {

template <class Value>
Value fixed(const storage::Statement& row, int column) {
  const auto value = Value::from(row.blob(column));
  if (!value) {
    throw storage::Failure(storage::FailureKind::corrupt,
                           "coordinator database: column " + std::to_string(column) + " holds " +
                               std::to_string(row.blob(column).size()) + " bytes instead of " +
                               std::to_string(Value::size));
  }
  return *value;
}
template <class Value>
std::optional<Value> optional_fixed(const storage::Statement& row, int column) {
  if (row.null(column)) return std::nullopt;
  return fixed<Value>(row, column);
}

inline std::string raw_string(const storage::Statement& row, int column) {
  return std::string{text_of(row.blob(column))};
}
inline Time time(const storage::Statement& row, int column) {
  return Time{std::chrono::milliseconds{row.integer(column)}};
}
inline std::int64_t number(Time value) {
  return value.time_since_epoch().count();
}
template <class Value>
std::optional<storage::Blob> optional_blob(const std::optional<Value>& value) {
  if (!value) return std::nullopt;
  return value->view();
}
inline std::uint32_t small(const storage::Statement& row, int column) {
  return static_cast<std::uint32_t>(row.integer(column));
}
inline std::uint64_t count(const storage::Statement& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

}  // namespace tributary::cloud::store
