// What a fallible function of this folder returns: a value, or the reason there is none, which the
// caller acts on (an enum that is also a metric label). Move-only values are fine.
#pragma once

#include <utility>
#include <variant>

namespace tributary::pairwise {

template <class Value, class Reason>
class [[nodiscard]] Outcome {
 public:
  Outcome(Value value) : held_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Reason reason) : held_(std::in_place_index<1>, std::move(reason)) {}

  explicit operator bool() const { return held_.index() == 0; }
  // Throw std::bad_variant_access when it is the other of the two.
  Value& operator*() & { return std::get<0>(held_); }
  const Value& operator*() const& { return std::get<0>(held_); }
  Value operator*() && { return std::get<0>(std::move(held_)); }
  Value* operator->() { return &std::get<0>(held_); }
  const Value* operator->() const { return &std::get<0>(held_); }
  const Reason& reason() const { return std::get<1>(held_); }

 private:
  std::variant<Value, Reason> held_;
};

}  // namespace tributary::pairwise
