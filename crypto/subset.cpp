#include "crypto/subset.hpp"

#include <algorithm>
#include <stdexcept>

#include "crypto/hash.hpp"
#include "crypto/public_draw.hpp"

namespace tributary::crypto {
namespace {

constexpr std::uint32_t most_blocks = 65536;

void append(std::vector<Span>& spans, Span span) {
  if (!spans.empty() && spans.back().first + spans.back().count == span.first) {
    spans.back().count += span.count;
  } else {
    spans.push_back(span);
  }
}

Span block(const Subset& subset, std::uint32_t index) {
  const std::uint32_t begin = index * subset.block_words;
  return {subset.trained.first + begin, std::min(subset.block_words, subset.trained.count - begin)};
}

}  // namespace

Subset Subset::whole(std::uint32_t parameters) {
  return {parameters, {0, parameters}};
}

std::uint32_t Subset::all_blocks() const {
  return block_words == 0 ? 0 : (trained.count - 1) / block_words + 1;
}

std::string Subset::fault() const {
  if (trained.count == 0 || trained.first >= parameters ||
      trained.count > parameters - trained.first) {
    return "the trained parameters must be at least 1 and within the model's " +
           std::to_string(parameters);
  }
  if (block_words == 0) {
    if (blocks != 0) return "blocks without block_words: there are none";
    return error_feedback ? "error feedback without block_words: everything trained travels" : "";
  }
  if (block_words > trained.count) return "block_words must not be more than are trained";
  if (all_blocks() > most_blocks) return "block_words makes more than 65,536 blocks";
  if (blocks == 0 || blocks > all_blocks()) {
    return "blocks must be 1 to " + std::to_string(all_blocks()) + ", as many as there are";
  }
  return {};
}

std::vector<Span> Subset::travelling() const {
  if (block_words == 0) return {trained};
  auto chosen = permutation(seed, all_blocks());
  chosen.resize(blocks);
  std::ranges::sort(chosen);
  std::vector<Span> spans;
  for (const auto index : chosen) append(spans, block(*this, index));
  return spans;
}

std::uint32_t Subset::words() const {
  std::uint32_t words = 0;
  for (const auto& span : travelling()) words += span.count;
  return words;
}

Hash block_seed(const TaskId& task, std::uint64_t round) {
  return hash("blocks", {task.view(), le64(round)});
}

std::vector<float> gather(const Subset& subset, std::span<const float> values) {
  if (values.size() != subset.parameters) {
    throw std::invalid_argument("subset: " + std::to_string(values.size()) + " values of " +
                                std::to_string(subset.parameters) + " parameters");
  }
  std::vector<float> words;
  for (const auto& [first, count] : subset.travelling()) {
    const auto span = values.subspan(first, count);
    words.insert(words.end(), span.begin(), span.end());
  }
  return words;
}

std::vector<float> scatter(const Subset& subset, std::span<const float> words) {
  std::vector<float> values(subset.parameters);
  std::size_t at = 0;
  for (const auto& [first, count] : subset.travelling()) {
    if (count <= words.size() - at) {
      std::ranges::copy(words.subspan(at, count), values.begin() + first);
      at += count;
    } else {
      at = words.size() + 1;
      break;
    }
  }
  if (at != words.size()) {
    throw std::invalid_argument("subset: " + std::to_string(words.size()) + " words, but " +
                                std::to_string(subset.words()) + " travel");
  }
  return values;
}

}  // namespace tributary::crypto
