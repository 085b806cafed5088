// One device's unfinished upload: which chunks are here, which were granted, and their tags.
#pragma once

#include "gateway/round/effect.hpp"

namespace tributary::gateway::round {

class Upload {
 public:
  static constexpr std::size_t max_spans = 8;

  Upload(const Nonce& nonce, std::uint32_t total);

  const Nonce& nonce() const { return nonce_; }
  std::uint32_t missing() const { return missing_; }
  bool has(std::uint32_t index) const { return state_[index] == State::here; }
  bool may_send(std::uint32_t index) const { return state_[index] == State::granted; }
  std::span<const AeadTag> tags() const { return tags_; }  // complete when missing() is 0

  // Idempotent; index < total.
  void store(std::uint32_t index, const AeadTag& tag);
  // Grants the first missing chunks, at most `limit` in at most max_spans spans.
  std::vector<ChunkSpan> grant(std::uint32_t limit);

 private:
  enum class State : std::uint8_t { absent, granted, here };
  Nonce nonce_;
  std::uint32_t missing_;
  std::vector<State> state_;
  std::vector<AeadTag> tags_;
};

}  // namespace tributary::gateway::round
