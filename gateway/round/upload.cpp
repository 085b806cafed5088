#include "gateway/round/upload.hpp"

namespace tributary::gateway::round {

Upload::Upload(const Nonce& nonce, std::uint32_t total)
    : nonce_(nonce), missing_(total), state_(total, State::absent), tags_(total) {}

void Upload::store(std::uint32_t index, const AeadTag& tag) {
  if (has(index)) return;
  state_[index] = State::here;
  tags_[index] = tag;
  --missing_;
}

std::vector<ChunkSpan> Upload::grant(std::uint32_t limit) {
  std::vector<ChunkSpan> spans;
  for (std::uint32_t index = 0; index < state_.size() && limit > 0; ++index) {
    if (has(index)) continue;
    const bool adjacent = !spans.empty() && spans.back().first + spans.back().count == index;
    if (!adjacent && spans.size() == max_spans) break;
    if (adjacent) {
      ++spans.back().count;
    } else {
      spans.push_back({index, 1});
    }
    state_[index] = State::granted;
    --limit;
  }
  return spans;
}

}  // namespace tributary::gateway::round
