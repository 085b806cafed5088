// A named line of schema versions. A program composes its database of the sets it needs; each set
// counts its versions on its own. Written as folders of NNNN_name.sql, see tributary_schema() in
// storage/CMakeLists.txt.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tributary::storage {

struct Migration {
  std::uint32_t version;  // 1, 2, 3 ..
  std::string_view name;
  std::string_view sql;  // one or more statements, run in one transaction
};

struct SchemaSet {
  std::string_view name;
  std::span<const Migration> migrations;  // ascending by version; lives as long as the program
};

}  // namespace tributary::storage
