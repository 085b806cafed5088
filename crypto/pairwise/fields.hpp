// Reading fixed layouts: fields off the front of bytes whose length was checked before.
#pragma once

#include "crypto/bytes.hpp"

namespace tributary::pairwise {

class Fields {
 public:
  explicit Fields(ByteView bytes) : rest_(bytes) {}

  ByteView take(std::size_t size) {
    const ByteView taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::uint8_t u8() { return take(1)[0]; }
  std::uint32_t u32() {
    const ByteView b = take(4);
    return b[0] | std::uint32_t{b[1]} << 8 | std::uint32_t{b[2]} << 16 | std::uint32_t{b[3]} << 24;
  }
  template <class Type>
  Type fixed() {
    return *Type::from(take(Type::size));
  }

 private:
  ByteView rest_;
};

inline void append(Bytes& bytes, ByteView more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

}  // namespace tributary::pairwise
