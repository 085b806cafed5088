// HTTP requests at both listeners of the coordinator, as bytes in pieces: the same request is understood however it
// is cut, only those who may ask get through, and every answer is one that was meant.
#include <doctest/doctest.h>
#include <openssl/sha.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include "cloud/server/request.hpp"
#include "tests/fuzz/chance.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/story.hpp"
#include "tests/unit/cloud/site_world.hpp"

namespace {

using namespace tributary;
using namespace tributary::cloud;
using fuzz::require;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::string_view token = "let-me-in";

Hash token_hash() {
  Hash hash;
  SHA256(view_of(token).data(), token.size(), hash.bytes.data());
  return hash;
}

struct World {
  World() {
    fuzz::seed_libsodium(1);
    task = sites.start_task();
    front.limits.body_bytes = 4096;
  }
  tests::SiteWorld sites;
  TaskId task;
  server::Site site{sites.coordinator(), "test", sites.now};
  server::Front front{site, token_hash(), {}};
};

struct Outcome {
  unsigned status = 0;  // 0: more was expected, or the peer is gone
  std::string body;
  bool operator==(const Outcome&) const = default;
};

// What never becomes a request is refused at the first byte that shows it, or is still waited for: which of the two
// depends on how it is cut.
bool no_request(const Outcome& outcome) {
  return outcome.status == 0 || outcome.status == 400 || outcome.status == 431;
}

// As a session reads: the header, then the route's body.
Outcome serve(World& world, server::Plane plane, std::string_view bytes, std::size_t piece) {
  server::RequestParser parser;
  server::expect_header(parser, world.front.limits);
  std::optional<server::Routed> routed;
  beast::flat_buffer buffer;
  beast::error_code error;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto size = std::min(piece, bytes.size() - at);
    buffer.commit(boost::asio::buffer_copy(buffer.prepare(size),
                                           boost::asio::buffer(bytes.substr(at, size))));
    at += size;
    while (buffer.size() > 0 && !parser.is_done()) {
      const auto used = parser.put(buffer.data(), error);
      buffer.consume(used);
      if (error == http::error::need_more) error = {};
      if (error) {
        const auto refusal = server::refusal_of(error, routed ? routed->body_limit : 0);
        return refusal ? Outcome{refusal->status, refusal->body} : Outcome{};
      }
      if (parser.is_header_done() && !routed) {
        const auto& gateway = world.sites.gateways[0].id;
        routed = server::route_request(
            parser, plane, plane == server::Plane::gateway ? std::optional(gateway) : std::nullopt,
            world.front);
        if (routed->refusal) return {routed->refusal->status, routed->refusal->body};
        parser.eager(true);
        continue;
      }
      if (used == 0) break;
    }
    if (parser.is_done()) break;
  }
  if (!routed || !parser.is_done()) return {};
  routed->call.body = parser.get().body();
  require(routed->call.body.size() <= routed->body_limit, "no body is larger than its route takes");
  routed->call.waited = true;
  if (plane == server::Plane::admin) {
    require(parser.get()[http::field::authorization].find(token) != beast::string_view::npos,
            "the operator's plane wants the token");
  }
  const auto failed = [](const storage::Failure&) {
    require(false, "the disk is no part of this");
  };
  auto reply = server::answer(world.site, *routed->route, routed->call, failed);
  const auto* final = std::get_if<server::Answer>(&reply);
  require(final != nullptr, "who has waited is answered");
  return {final->status, final->body};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::unique_ptr<World> world;
  static int served = 0;
  if (served++ % 512 == 0) world = std::make_unique<World>();
  fuzz::Story story(data, size);
  const auto plane = story.byte() % 2 == 0 ? server::Plane::gateway : server::Plane::admin;
  const std::size_t piece = 1 + story.byte();
  const auto bytes = story.rest();
  const auto whole = serve(*world, plane, bytes, bytes.size() + 1);
  const auto cut = serve(*world, plane, bytes, piece);
  require(whole.status == 0 || (whole.status >= 200 && whole.status < 504),
          "a status that was meant");
  require(whole.status < 400 || whole.body.find("detail") != std::string::npos,
          "a refusal has words");
  require(no_request(whole) == no_request(cut), "the same however it is cut");
  return 0;
}
