// HTTP answers as gateway and tools read them: the same answer however the bytes are cut, no larger than allowed.
#include "cloud/api/response_parser.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/story.hpp"

namespace {

using namespace tributary;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::size_t most_bytes = 512;

std::optional<api::Response> read(std::string_view bytes, std::size_t piece, bool ends) {
  api::ResponseParser parser;
  api::expect_response(parser, most_bytes);
  parser.eager(true);
  std::string buffer;
  beast::error_code error;
  for (std::size_t at = 0; at < bytes.size() && !parser.is_done(); at += piece) {
    buffer += bytes.substr(at, piece);
    while (!buffer.empty() && !parser.is_done()) {
      const auto used = parser.put(boost::asio::buffer(buffer), error);
      buffer.erase(0, used);
      if (error == http::error::need_more) error = {};
      if (error) return std::nullopt;
      if (used == 0) break;
    }
  }
  if (ends && !parser.is_done() && parser.got_some()) parser.put_eof(error);
  if (error || !parser.is_done()) return std::nullopt;
  return api::response_of(parser);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Story story(data, size);
  const std::size_t piece = 1 + story.byte();
  const bool ends = story.byte() % 2 == 0;
  const auto bytes = story.rest();
  const auto whole = read(bytes, bytes.size() + 1, ends);
  const auto cut = read(bytes, piece, ends);
  fuzz::require(whole.has_value() == cut.has_value(), "the same however it is cut");
  if (!whole) return 0;
  fuzz::require(whole->status == cut->status && whole->body == cut->body,
                "the same however it is cut");
  fuzz::require(whole->status >= 200 && whole->body.size() <= most_bytes, "within the limits");
  return 0;
}
