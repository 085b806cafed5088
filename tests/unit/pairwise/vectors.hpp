// The sections of tests/vectors that are about pairwise rounds, made without this code.
#pragma once

#include <boost/json.hpp>
#include <string_view>

#include "crypto/bytes.hpp"

namespace tributary::tests {

const boost::json::object& secagg_vectors();
const boost::json::object& privacy_vectors();

Bytes bytes_of(const boost::json::value& hex);
std::uint32_t number_of(const boost::json::value& number);
template <class Type>
Type fixed(const boost::json::value& hex) {
  return *Type::from(ByteView(bytes_of(hex)));
}

}  // namespace tributary::tests
