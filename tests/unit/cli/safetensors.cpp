#include "cloud/cli/safetensors.hpp"

#include <doctest/doctest.h>

#include <boost/json.hpp>
#include <limits>
#include <numeric>

#include "authority_folder.hpp"
#include "cloud/cli/tensor.hpp"

using namespace tributary::cli;

namespace {

const std::string linear = "mlp:2-1";  // layer0.weight [1, 2], layer0.bias [1]

std::string with_header(const std::string& header, const std::string& data) {
  std::string content;
  for (std::size_t i = 0; i < 8; ++i) content += static_cast<char>(header.size() >> 8 * i & 255);
  return content + header + data;
}

// layer0.weight and layer0.bias, with the weight's description replaced by `weight`.
std::string with_weight(const std::string& weight) {
  const std::string bias = R"("layer0.bias":{"dtype":"F32","shape":[1],"data_offsets":[8,12]})";
  return with_header(R"({"layer0.weight":)" + weight + "," + bias + "}", std::string(12, '\0'));
}

std::string fault(const std::string& content) {
  return fault_of([&] { safetensors_values(content, linear); });
}

boost::json::object header_of(const std::string& content) {
  const auto length =
      static_cast<unsigned char>(content[0]) + 256U * static_cast<unsigned char>(content[1]);
  return boost::json::parse(content.substr(8, length)).as_object();
}

std::vector<float> counting(std::size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

}  // namespace

TEST_CASE("tensors are named by layer, weights [outputs, inputs] before biases") {
  const auto values = counting(2 * 3 + 3 + 3 * 2 + 2);
  const std::string content = safetensors_of(values, "mlp:2-3-2", "abcd");
  const auto header = header_of(content);
  CHECK(header.size() == 5);
  CHECK(header.at("layer0.weight").at("shape") == boost::json::array{3U, 2U});
  CHECK(header.at("layer0.bias").at("data_offsets") == boost::json::array{24U, 36U});
  CHECK(header.at("layer1.weight").at("shape") == boost::json::array{2U, 3U});
  CHECK(header.at("layer1.bias").at("data_offsets") == boost::json::array{60U, 68U});
  CHECK(header.at("__metadata__").at("hash") == "abcd");
  CHECK(safetensors_values(content, "mlp:2-3-2") == values);
  CHECK((content.size() - values.size() * 4) % 8 == 0);
}

TEST_CASE("standardisation comes first; other architectures are one tensor") {
  const auto tensors = tensors_of("standardise+mlp:2-1", 2 + 2 + 2 + 1);
  REQUIRE(tensors.size() == 4);
  CHECK(tensors[0].name == "standardise.mean");
  CHECK(tensors[1].name == "standardise.inverse_deviation");
  CHECK(tensors[1].shape == std::vector<std::uint64_t>{2});
  for (const char* other : {"statistics:5", "mlp:2-1", "conv:9"}) {
    const auto one = tensors_of(other, 11);
    REQUIRE(one.size() == 1);
    CHECK(one[0].name == "parameters");
    CHECK(one[0].values() == 11);
  }
  for (const std::string architecture : {"standardise+mlp:2-1", "statistics:7"}) {
    const auto values = counting(7);
    CHECK(safetensors_values(safetensors_of(values, architecture, ""), architecture) == values);
  }
}

TEST_CASE("tensors may lie in any order") {
  const std::string content =
      with_header(R"({"layer0.bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                  R"("layer0.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}})",
                  bytes_of({3, 1, 2}));
  CHECK(safetensors_values(content, linear) == std::vector<float>{1, 2, 3});
}

TEST_CASE("every truncation and every appended byte is refused") {
  const std::string content = safetensors_of({1, 2, 3}, linear, "");
  CHECK(fault(content).empty());
  for (std::size_t size = 0; size < content.size(); ++size) {
    INFO(size);
    CHECK(!fault(content.substr(0, size)).empty());
  }
  CHECK(!fault(content + '\0').empty());
  CHECK(!fault(content + std::string(4, '\0')).empty());
}

TEST_CASE("hostile descriptions of a tensor are refused in words") {
  struct Row {
    std::string weight;
    std::string said;
  };
  const std::string good = R"({"dtype":"F32","shape":[1,2],"data_offsets":[0,8]})";
  CHECK(fault(with_weight(good)).empty());
  const std::vector<Row> rows = {
      {R"({"dtype":"F64","shape":[1,2],"data_offsets":[0,8]})", "F64"},
      {R"({"shape":[1,2],"data_offsets":[0,8]})", "no type"},
      {R"({"dtype":"F32","shape":[2,1],"data_offsets":[0,8]})", "[2,1]"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", "[1,2]"},
      {R"({"dtype":"F32","shape":[-1,2],"data_offsets":[0,8]})", "-1"},
      {R"({"dtype":"F32","shape":[1.5,2],"data_offsets":[0,8]})", "shape"},
      {R"({"dtype":"F32","shape":[18446744073709551615,2],"data_offsets":[0,8]})", "shape"},
      {R"({"dtype":"F32","shape":"12","data_offsets":[0,8]})", "shape"},
      {R"({"dtype":"F32","shape":[1,2]})", "data_offsets"},
      {R"({"dtype":"F32","shape":[1,2],"data_offsets":[0]})", "data_offsets"},
      {R"({"dtype":"F32","shape":[1,2],"data_offsets":[8,0]})", "data_offsets"},
      {R"({"dtype":"F32","shape":[1,2],"data_offsets":[0,4]})", "data_offsets"},
      {R"({"dtype":"F32","shape":[1,2],"data_offsets":[8,16]})", "12 bytes"},
      {R"({"dtype":"F32","shape":[1,2],"data_offsets":[18446744073709551612,4]})", "data_offsets"},
      {R"({"dtype":"F32","shape":[1,2],"data_offsets":[4,12]})", "overlap or leave gaps"},
      {R"([1,2])", "no tensor 'layer0.weight'"},
      {R"(null)", "no tensor 'layer0.weight'"},
  };
  for (const auto& row : rows) {
    INFO(row.weight);
    const std::string text = fault(with_weight(row.weight));
    INFO(text);
    CHECK(text.find(row.said) != std::string::npos);
    CHECK(text.find('\n') == std::string::npos);
  }
}

TEST_CASE("a hostile header is refused in words") {
  const std::string data(12, '\0');
  CHECK(fault(with_header("[]", data)).find("JSON object") != std::string::npos);
  CHECK(fault(with_header("{", data)).find("JSON object") != std::string::npos);
  CHECK(fault(with_header(std::string(5000, '['), data)).find("JSON object") != std::string::npos);
  CHECK(fault(std::string(8, '\xff') + "{}").find("beyond the file") != std::string::npos);
  CHECK(fault(with_header("{}", data)).find("layer0.weight") != std::string::npos);
  CHECK(fault(with_header(R"({"other":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", data))
            .find("'other'") != std::string::npos);
}

TEST_CASE("a value that is no number is named with its tensor") {
  CHECK(fault(safetensors_of({1, 2, std::numeric_limits<float>::infinity()}, linear, ""))
            .find("'layer0.bias' holds inf at index 0") != std::string::npos);
}
