// A fuzz input as a story: what happens in which order, and what is changed in messages that are genuine
// otherwise. Shorter inputs are stories that end earlier: what is missing reads as zeros.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace tributary::fuzz {

class Story {
 public:
  Story(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  bool over() const { return rest_.empty(); }
  std::uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::string text(std::size_t size) {
    const std::string taken(rest_.substr(0, size));
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string rest() { return text(rest_.size()); }

  // byte(): how many edits, at most 8; each of them is a kind, a place (two bytes) and a value. None: as it was.
  std::string edited(std::string text) {
    const auto edits = byte() % 9;
    for (int i = 0; i < edits; ++i) edit(text);
    return text;
  }

 private:
  void edit(std::string& text) {
    const auto kind = byte() % 6;
    const std::size_t place = byte() | std::size_t{byte()} << 8;
    const auto value = byte();
    const std::size_t at = text.empty() ? 0 : place % text.size();
    switch (kind) {
      case 0:
        if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (value == 0 ? 1 : value));
        return;
      case 1:
        return text.resize(at);
      case 2:
        text.insert(at, std::size_t{1} + value % 16, static_cast<char>(value));
        return;
      case 3:
        text.erase(at, std::size_t{1} + value % 64);
        return;
      case 4:
        text.append(text.substr(at, std::size_t{1} + value));
        return;
      default:
        text.append(this->text(value));
        return;
    }
  }

  std::string_view rest_;
};

}  // namespace tributary::fuzz
