#include "storage/statement.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>
#include <string>

#include "tests/unit/storage/fault.hpp"
#include "tests/unit/storage/folder.hpp"
#include "tests/unit/storage/samples.hpp"

using namespace tributary::storage;
using namespace tributary::storage::test;

namespace {

struct Opened {
  Folder folder;
  Database database{folder / "test.db", {notes}, noon};
};

}  // namespace

TEST_CASE("values come back as they went in") {
  Opened opened;
  Statement echo = opened.database.prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8");
  const std::array<std::uint8_t, 3> blob{0, 1, 255};
  const std::string text("with\0zero", 9);
  echo.bind(std::numeric_limits<std::int64_t>::min(), std::uint32_t{4'000'000'000}, 0.1, text, blob,
            nullptr, std::optional<int>{}, true);
  REQUIRE(echo.step());
  CHECK(echo.integer(0) == std::numeric_limits<std::int64_t>::min());
  CHECK(echo.integer(1) == 4'000'000'000);
  CHECK(echo.real(2) == 0.1);
  CHECK(echo.string(3) == text);
  CHECK(echo.bytes(4) == std::vector<std::uint8_t>{0, 1, 255});
  CHECK(echo.null(5));
  CHECK(echo.null(6));
  CHECK(echo.integer(7) == 1);
  CHECK_FALSE(echo.step());
}

TEST_CASE("a literal is text, an empty blob is a blob") {
  Opened opened;
  Statement types = opened.database.prepare("SELECT typeof(?1), typeof(?2), typeof(?3)");
  types.bind("literal", Blob{}, std::string_view{});
  REQUIRE(types.step());
  CHECK(types.text(0) == "text");
  CHECK(types.text(1) == "blob");
  CHECK(types.text(2) == "text");
}

TEST_CASE("an unsigned number beyond the signed range is refused") {
  Opened opened;
  Statement echo = opened.database.prepare("SELECT ?1");
  CHECK(failure_of([&] { echo.bind(std::uint64_t{1} << 63); }) == FailureKind::other);
}

TEST_CASE("more values than parameters are refused") {
  Opened opened;
  CHECK(failure_of([&] { opened.database.run("SELECT ?1", 1, 2); }) == FailureKind::other);
}

TEST_CASE("binding begins a statement anew and keeps no values") {
  Opened opened;
  {
    Statement echo = opened.database.prepare("SELECT ?1");
    echo.bind("first");
    REQUIRE(echo.step());
    echo.bind("second");
    REQUIRE(echo.step());
    CHECK(echo.text(0) == "second");
  }
  Statement again = opened.database.prepare("SELECT ?1");
  REQUIRE(again.step());
  CHECK(again.null(0));
}

TEST_CASE("one text can be in use twice at a time") {
  Opened opened;
  add_note(opened.database, "a");
  add_note(opened.database, "b");
  int pairs = 0;
  Statement outer = opened.database.prepare("SELECT id FROM notes");
  while (outer.step()) {
    Statement inner = opened.database.prepare("SELECT id FROM notes");
    while (inner.step()) ++pairs;
  }
  CHECK(pairs == 4);
}

TEST_CASE("a mistake in the text names the table") {
  Opened opened;
  try {
    opened.database.prepare("SELECT * FROM absent");
    FAIL("accepted");
  } catch (const Failure& failure) {
    CHECK(failure.kind() == FailureKind::other);
    CHECK(std::string(failure.what()).find("absent") != std::string::npos);
  }
}
