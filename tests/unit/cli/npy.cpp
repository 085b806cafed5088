#include "cloud/cli/npy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "authority_folder.hpp"

using namespace tributary::cli;

namespace {

std::string with_header(const std::string& header, const std::string& data) {
  std::string content("\x93NUMPY\x01\x00", 8);
  content += static_cast<char>(header.size() & 255);
  content += static_cast<char>(header.size() >> 8);
  return content + header + data;
}

const std::string eight_bytes(8, '\0');

}  // namespace

TEST_CASE("what is written is read again, bit by bit") {
  for (const std::size_t count : {0U, 1U, 9U, 10U, 99'999U, 100'000U}) {
    std::vector<float> values;
    for (std::size_t i = 0; i < count; ++i) values.push_back(1.0F / static_cast<float>(i + 3));
    const std::string content = npy_of(values);
    CHECK((content.size() - count * sizeof(float)) % 64 == 0);
    CHECK(npy_values(content) == values);
  }
  const std::vector<float> extremes = {-0.0F, std::numeric_limits<float>::denorm_min(),
                                       std::numeric_limits<float>::max()};
  const auto read = npy_values(npy_of(extremes));
  CHECK(read == extremes);
  CHECK(std::signbit(read[0]));
}

TEST_CASE("a header as NumPy writes it is understood") {
  CHECK(npy_values(with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }       \n",
                               eight_bytes)) == std::vector<float>{0, 0});
}

TEST_CASE("every truncation is refused") {
  const std::string content = npy_of({1, 2, 3});
  for (std::size_t size = 0; size < content.size(); ++size) {
    INFO(size);
    CHECK(!fault_of([&] { npy_values(content.substr(0, size)); }).empty());
  }
  CHECK(!fault_of([&] { npy_values(content + '\0'); }).empty());
}

TEST_CASE("what is not a flat float32 vector is refused in words") {
  struct Row {
    std::string header;
    std::string said;
  };
  const std::vector<Row> rows = {
      {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", "'<f8'"},
      {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", "'>f4'"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "simple type"},
      {"{'descr': '<f4', 'fortran_order': True, 'shape': (2,), }", "Fortran"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", "one dimension"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "one dimension"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "one dimension"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387906,), }",
       "one dimension"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999,), }", "3999999996 bytes"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", "4 bytes"},
      {"", "simple type"},
  };
  for (const auto& row : rows) {
    INFO(row.header);
    CHECK(fault_of([&] { npy_values(with_header(row.header, eight_bytes)); }).find(row.said) !=
          std::string::npos);
  }
  CHECK(fault_of([&] { npy_values("PK\x03\x04 something else"); }).find("not an npy") == 0);
  CHECK(fault_of([&] {
          npy_values(with_header(std::string(5000, ' '), eight_bytes));
        }).find("5000") != std::string::npos);
}

TEST_CASE("values that are no numbers are named with their index") {
  std::vector<float> values(5, 1.0F);
  values[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK(fault_of([&] { npy_values(npy_of(values)); }).find("nan at index 3") != std::string::npos);
  values[1] = -std::numeric_limits<float>::infinity();
  CHECK(fault_of([&] { npy_values(npy_of(values)); }).find("-inf at index 1") != std::string::npos);
}
