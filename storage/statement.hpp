// A prepared statement borrowed from a Database, and the values it takes and gives.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace SQLite {
class Statement;
}

namespace tributary::storage {

using Blob = std::span<const std::uint8_t>;
class StatementCache;

// Belongs to the thread of its Database and must not outlive it. Goes back to the cache, reset,
// when destroyed. Every call throws Failure.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Values for the parameters ?1, ?2 .. in order: integers, bool, double, text, Blob (any span, array
  // or vector of bytes), nullptr, std::optional of these. Copied. Begins the statement anew.
  template <class... Values>
  Statement& bind(const Values&... values) {
    restart();
    int index = 0;
    (bind_value(++index, values), ...);
    return *this;
  }

  // To the next row; false: there is none.
  bool step();

  // Columns of the current row, from 0. Views are valid until the next step().
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;
  Blob blob(int column) const;
  bool null(int column) const;
  std::string string(int column) const { return std::string(text(column)); }
  std::vector<std::uint8_t> bytes(int column) const {
    const Blob view = blob(column);
    return {view.begin(), view.end()};
  }

 private:
  friend class StatementCache;
  Statement(StatementCache& cache, std::unique_ptr<SQLite::Statement> prepared);

  void restart();
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) void bind_value(int index, Integer value) {
    if (!std::in_range<std::int64_t>(value)) refuse_integer(index);
    bind_integer(index, static_cast<std::int64_t>(value));
  }
  void bind_value(int index, double value);
  void bind_value(int index, std::string_view value);
  void bind_value(int index, Blob value);
  void bind_value(int index, std::nullptr_t);
  // A template, because a pointer to characters would rather become a bool than a text.
  template <std::same_as<bool> Truth>
  void bind_value(int index, Truth value) {
    bind_integer(index, value ? 1 : 0);
  }
  template <class Value>
  void bind_value(int index, const std::optional<Value>& value) {
    if (value) {
      bind_value(index, *value);
    } else {
      bind_value(index, nullptr);
    }
  }
  void bind_integer(int index, std::int64_t value);
  [[noreturn]] static void refuse_integer(int index);

  StatementCache& cache_;
  std::unique_ptr<SQLite::Statement> prepared_;
};

}  // namespace tributary::storage
