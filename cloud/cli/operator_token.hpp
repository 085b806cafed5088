// The operator's bearer token and what the server keeps of it.
#pragma once

#include <string>
#include <string_view>

namespace tributary::cli {

std::string new_operator_token();  // 64 hexadecimal digits
// Lower-case hex of SHA-256, as operator.token.sha256 holds it.
std::string token_hash(std::string_view token);

}  // namespace tributary::cli
