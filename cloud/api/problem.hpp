// Errors of both planes as application/problem+json (RFC 9457).
#pragma once

#include <string>
#include <string_view>

namespace tributary::api {

inline constexpr std::string_view problem_type = "application/problem+json";
inline constexpr std::string_view protobuf_type = "application/x-protobuf";

// What went wrong in one line, whatever the body is.
std::string problem_text(unsigned status, std::string_view body);

}  // namespace tributary::api
