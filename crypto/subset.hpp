// Which parameters of a model a round trains, and which of them travel (PROTOCOL.md 5.1). What travels has
// an order of its own: ascending. Updates, sums and means are over those words alone.
#pragma once

#include <string>
#include <vector>

#include "crypto/bytes.hpp"

namespace tributary::crypto {

// Parameters first .. first + count - 1.
struct Span {
  std::uint32_t first;
  std::uint32_t count;
  bool operator==(const Span&) const = default;
};

struct Subset {
  std::uint32_t parameters;       // d, of the whole model
  Span trained;                   // the others keep the model's values
  std::uint32_t block_words = 0;  // 0: everything trained travels
  std::uint32_t blocks =
      0;  // of that many words travel, drawn with `seed`; the last may be shorter
  Hash seed = {};
  bool error_feedback = false;  // what did not travel is added to a device's next update

  // Everything is trained, and travels.
  static Subset whole(std::uint32_t parameters);
  // Blocks there are to draw from; 0 where everything trained travels.
  std::uint32_t all_blocks() const;
  // Empty, or which limit of the protocol is broken. All below is for subsets without a fault.
  std::string fault() const;
  // Time O(all_blocks()), memory O(all_blocks()).
  std::vector<Span> travelling() const;  // ascending, none adjacent to another
  std::uint32_t words() const;           // d', 1 .. parameters
};

// The seed of a round's blocks: the same at every gateway, so that sums can be added.
Hash block_seed(const TaskId& task, std::uint64_t round);

// The travelling ones of a whole model's values, in order.
std::vector<float> gather(const Subset& subset, std::span<const float> values);
// A whole model's values: `words` where they belong, 0 elsewhere. std::invalid_argument: not subset.words().
std::vector<float> scatter(const Subset& subset, std::span<const float> words);

}  // namespace tributary::crypto
