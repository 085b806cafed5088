// How an answer is read: limits, and what of it is kept.
#pragma once

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "cloud/api/https_client.hpp"

namespace tributary::api {

using ResponseParser = boost::beast::http::response_parser<boost::beast::http::string_body>;

inline void expect_response(ResponseParser& parser, std::size_t most_bytes) {
  constexpr std::uint32_t header_bytes = 8 * 1024;
  parser.header_limit(header_bytes);
  parser.body_limit(most_bytes);
}

// Of a whole one. nullopt: an interim answer (1xx). Nobody asked for it, and what follows on its connection would be
// taken for the answer to the next request.
inline std::optional<Response> response_of(ResponseParser& parser) {
  namespace http = boost::beast::http;
  auto& answer = parser.get();
  if (answer.result_int() < 200) return std::nullopt;
  return Response{answer.result_int(), std::string(answer[http::field::content_type]),
                  std::string(answer[http::field::date]), std::move(answer.body())};
}

}  // namespace tributary::api
