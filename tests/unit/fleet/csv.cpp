#include "device-protocol/fleet/csv.hpp"

#include <doctest/doctest.h>

#include "tests/unit/fleet/folder.hpp"

using namespace tributary::fleet;

TEST_CASE("a table with and without a head reads the same") {
  for (const auto* text : {"1,2.5,a\n3,-4e2,b\n", "x,y,label\r\n1,2.5,a\r\n+3,-4e2,\"b\"\r\n\r\n",
                           "\xef\xbb\xbfx,y,label\n1,2.5,a\n 3 , -400 ,b"}) {
    CAPTURE(text);
    const auto table = parse_csv(text, "t.csv");
    REQUIRE(table.has_value());
    CHECK(table->features == 2);
    CHECK(table->values == std::vector<float>{1, 2.5F, 3, -400});
    CHECK(table->labels == std::vector<std::string>{"a", "b"});
  }
}

TEST_CASE("faults of a table name file, row and column") {
  struct Row {
    const char* text;
    const char* fault;
  };
  for (const Row& row : {
           Row{"1,2,a\n1,x,b\n", "t.csv: row 2, column 2: 'x' is not a number"},
           Row{"h1,h2,label\n1,2,a\n1,,b\n", "t.csv: row 3, column 2: '' is not a number"},
           Row{"1,2,a\nnan,2,b\n", "t.csv: row 2, column 1: 'nan' is not a finite number"},
           Row{"1,2,a\n2,inf,b\n", "t.csv: row 2, column 2: 'inf' is not a finite number"},
           Row{"1,2,a\n2,1e39,b\n", "t.csv: row 2, column 2: '1e39' is not a finite number"},
           Row{"1,2,a\n2,1e999,b\n", "t.csv: row 2, column 2: '1e999' is not a finite number"},
           Row{"1,2,a\n1,2 3,b\n", "t.csv: row 2, column 2: '2 3' is not a number"},
           Row{"1,2,a\n1,b\n", "t.csv: row 2 has 2 columns, the first has 3"},
           Row{"1,2,a\n1,2,3,b\n", "t.csv: row 2 has 4 columns, the first has 3"},
           Row{"1,2,a\n\n1,2,b\n", "t.csv: row 2 has 1 columns, the first has 3"},
           Row{"1,2,a\n1,2,\n", "t.csv: row 2, column 3: the label is empty"},
           Row{"1,x,a\n", "t.csv: row 1, column 2: 'x' is not a number"},
           Row{"a\nb\n", "t.csv: row 1 needs a feature column and a label"},
           Row{"x,y,label\n", "t.csv: no examples in it"},
           Row{"", "t.csv: no examples in it"},
       }) {
    CAPTURE(row.text);
    const auto table = parse_csv(row.text, "t.csv");
    REQUIRE(!table);
    CHECK(table.error().text == row.fault);
  }
}

TEST_CASE("classes are sorted over all files, as numbers when they are numbers") {
  const auto numbers = std::vector{*parse_csv("0,10\n0,2\n", "a"), *parse_csv("0,-1\n", "b")};
  CHECK(sorted_classes(numbers) == std::vector<std::string>{"-1", "2", "10"});
  const auto words = std::vector{*parse_csv("0,worn\n0,10\n", "a"), *parse_csv("0,fine\n", "b")};
  CHECK(sorted_classes(words) == std::vector<std::string>{"10", "fine", "worn"});
  CHECK(examples_from_csv(words[0], sorted_classes(words)).labels ==
        std::vector<std::uint32_t>{2, 0});
}

TEST_CASE("a folder of clients: every fifth row of each is test") {
  const Folder folder;
  folder.write("b.csv", "v,label\n1,x\n2,y\n3,x\n4,y\n5,x\n6,y\n");
  folder.write("a.csv", "10,y\n20,x\n");
  folder.write("notes.txt", "not a table");
  const auto data = load_csv_folder(folder.path());
  REQUIRE(data.has_value());
  CHECK(data->file_rows == std::vector<std::size_t>{2, 5});
  CHECK(data->train.values == std::vector<float>{10, 20, 1, 2, 3, 4, 6});
  CHECK(data->train.labels == std::vector<std::uint32_t>{1, 0, 0, 1, 0, 1, 1});
  CHECK(data->test.values == std::vector<float>{5});
}

TEST_CASE("test.csv is the test set and no client") {
  const Folder folder;
  folder.write("a.csv", "1,x\n2,y\n3,x\n4,y\n5,x\n");
  folder.write("test.csv", "7,y\n");
  const auto data = load_csv_folder(folder.path());
  REQUIRE(data.has_value());
  CHECK(data->file_rows == std::vector<std::size_t>{5});
  CHECK(data->test.values == std::vector<float>{7});
  CHECK(data->test.labels == std::vector<std::uint32_t>{1});
}

TEST_CASE("folders that cannot be used say why") {
  const Folder folder;
  const auto fault = [&] { return load_csv_folder(folder.path()).error().text; };
  CHECK(load_csv_folder(folder.path() / "none").error().text.find("cannot be listed") !=
        std::string::npos);
  CHECK(fault().find("no client files") != std::string::npos);
  folder.write("test.csv", "7,y\n8,x\n");
  CHECK(fault().find("no client files") != std::string::npos);
  folder.write("a.csv", "1,2,y\n8,9,x\n");
  CHECK(fault().find("test.csv has 1 feature columns") != std::string::npos);
  std::filesystem::remove(folder.path() / "test.csv");
  CHECK(fault().find("nothing to test on") != std::string::npos);
  folder.write("a.csv", "1,2,y\n8,9,y\n");
  CHECK(fault().find("all labels are the same") != std::string::npos);
}
