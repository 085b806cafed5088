#include <doctest/doctest.h>
#include <zlib.h>

#include "device-protocol/fleet/digits.hpp"
#include "device-protocol/fleet/gzip_file.hpp"
#include "device-protocol/fleet/idx.hpp"
#include "device-protocol/fleet/model_file.hpp"
#include "device-protocol/fleet/true_vectors.hpp"
#include "tests/unit/fleet/folder.hpp"

using namespace tributary;
using namespace tributary::fleet;

namespace {

// Two images of 2 x 3 pixels.
const std::vector<std::uint8_t> kImages{0, 0, 8, 3,  0,   0,   0,   2,   0, 0, 0, 2, 0, 0,
                                        0, 3, 0, 51, 102, 153, 204, 255, 1, 2, 3, 4, 5, 6};
const std::vector<std::uint8_t> kLabels{0, 0, 8, 1, 0, 0, 0, 2, 9, 0};

void write_gzip(const std::filesystem::path& path, const std::string& content) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("IDX images become rows of pixels in 0..1") {
  const auto images = parse_idx(kImages, "images");
  const auto labels = parse_idx(kLabels, "labels");
  REQUIRE(images.has_value());
  REQUIRE(labels.has_value());
  const auto examples = examples_from_idx(*images, *labels, 10, "images");
  REQUIRE(examples.has_value());
  CHECK(examples->features == 6);
  CHECK(examples->rows() == 2);
  CHECK(examples->values[1] == doctest::Approx(0.2));
  CHECK(examples->values[5] == 1.0F);
  CHECK(examples->labels == std::vector<std::uint32_t>{9, 0});
  CHECK(examples_from_idx(*images, *labels, 9, "images").error().text ==
        "images: row 1 has label 9, the classes end at 8");
}

TEST_CASE("an IDX file truncated anywhere, or with a byte too many, is refused") {
  for (std::size_t size = 0; size < kImages.size(); ++size) {
    CAPTURE(size);
    const auto part =
        std::vector(kImages.begin(), kImages.begin() + static_cast<std::ptrdiff_t>(size));
    const auto array = parse_idx(part, "images");
    REQUIRE(!array);
    CHECK(array.error().text.starts_with("images: "));
  }
  auto longer = kImages;
  longer.push_back(0);
  CHECK(!parse_idx(longer, "images"));
  auto floats = kImages;
  floats[2] = 0x0d;
  CHECK(!parse_idx(floats, "images"));
  auto enormous = kImages;
  enormous[4] = 0xff;
  CHECK(parse_idx(enormous, "images").error().text == "images: impossible dimensions");
}

TEST_CASE("a gzip file cut short is named, as is a missing one") {
  const Folder folder;
  const auto path = folder.path() / "a.gz";
  std::string content;
  for (int i = 0; i < 20000; ++i) content += std::to_string(i * 7919 % 10007);
  write_gzip(path, content);
  CHECK(read_gzip_file(path, 1 << 20)->size() == content.size());
  CHECK(read_gzip_file(path, 1000).error().text.find("longer than 1000 bytes") !=
        std::string::npos);
  const auto packed = read_all(path);
  for (const auto size : {packed.size() - 1, packed.size() / 2, std::size_t{12}}) {
    CAPTURE(size);
    folder.write("a.gz", packed.substr(0, size));
    const auto cut = read_gzip_file(path, 1 << 20);
    REQUIRE(!cut);
    CHECK(cut.error().text.find("a.gz: damaged or truncated") != std::string::npos);
  }
  CHECK(read_gzip_file(folder.path() / "none.gz", 10).error().text.find("No such file") !=
        std::string::npos);
}

TEST_CASE("Fashion-MNIST that is not there names the Debian package") {
  const Folder folder;
  CHECK(load_fashion_mnist(folder.path()).error().text.find("dataset-fashion-mnist") !=
        std::string::npos);
}

TEST_CASE("digits are found below a folder, checked for shape and scaled") {
  const Folder folder;
  CHECK(load_digits(folder.path()).error().text.find("deploy/setup") != std::string::npos);
  std::string content;
  for (int row = 0; row < 20; ++row) {
    for (int pixel = 0; pixel < 64; ++pixel) content += std::to_string(pixel % 17) + ",";
    content += std::to_string(row % 10) + "\n";
  }
  std::filesystem::create_directories(folder.path() / "usr/lib");
  write_gzip(folder.path() / "usr/lib/digits.csv.gz", content);
  const auto data = load_digits(folder.path());
  REQUIRE(data.has_value());
  CHECK(data->train.rows() == 16);
  CHECK(data->test.labels == std::vector<std::uint32_t>{4, 9, 4, 9});
  CHECK(data->train.values[16] == 1.0F);
  write_gzip(folder.path() / "usr/lib/digits.csv.gz", "1,2,0\n3,4,1\n");
  CHECK(load_digits(folder.path()).error().text.find("not the digits data set") !=
        std::string::npos);
}

TEST_CASE("model files of both formats come back as they were") {
  const Folder folder;
  const std::vector<float> model{1.5F, -0.0F, 3e38F, 1e-40F, 7};
  for (const auto* name : {"m.npy", "m.bin"}) {
    CAPTURE(name);
    REQUIRE(write_model_file(folder.path() / name, model).has_value());
    CHECK(*read_model_file(folder.path() / name) == model);
  }
  const auto npy = read_all(folder.path() / "m.npy");
  CHECK((npy.size() - model.size() * 4) % 64 == 0);
  CHECK(read_all(folder.path() / "m.bin").size() == model.size() * 4);
  for (std::size_t size = 0; size < npy.size(); ++size) {
    const auto cut = read_model_file(folder.write("cut.npy", npy.substr(0, size)));
    const auto whole_floats = size >= npy.size() - 20 && (npy.size() - size) % 4 == 0;
    CHECK((!cut || (whole_floats && cut->size() < model.size()) || size < 6));
  }
  auto doubles = npy;
  doubles.replace(doubles.find("<f4"), 3, "<f8");
  CHECK(!read_model_file(folder.write("doubles.npy", doubles)));
  CHECK(!read_model_file(folder.path() / "none.npy"));
  CHECK(!write_model_file(folder.path() / "none/m.npy", model));
}

TEST_CASE("the true sum is over exactly the survivors, in 64 bits, whatever the order of pieces") {
  const Folder folder;
  const Hash ctx{{1, 2, 3}};
  const DeviceId a{{0xaa}};
  const DeviceId b{{0xbb}};
  const DeviceId c{{0xcc}};
  const std::vector<std::int32_t> large{INT32_MAX, INT32_MIN, 5, 0};
  for (const auto& device : {a, b, c}) {
    REQUIRE(TrueVectorFile(folder.path(), ctx, device).write(2, std::span(large).subspan(2)));
    REQUIRE(TrueVectorFile(folder.path(), ctx, device).write(0, std::span(large).first(2)));
  }
  const auto sum = true_sum(folder.path(), ctx.hex(), {a.hex(), c.hex()});
  REQUIRE(sum.has_value());
  CHECK(*sum == std::vector<std::int64_t>{2LL * INT32_MAX, 2LL * INT32_MIN, 10, 0});
  CHECK(released_sum_hash(*sum) !=
        released_sum_hash(*true_sum(folder.path(), ctx.hex(), {a.hex()})));
  CHECK(true_sum(folder.path(), ctx.hex(), {a.hex(), DeviceId{}.hex()})
            .error()
            .text.find(DeviceId{}.hex()) != std::string::npos);
  REQUIRE(TrueVectorFile(folder.path(), ctx, b).write(4, std::span(large).first(1)));
  CHECK(!true_sum(folder.path(), ctx.hex(), {a.hex(), b.hex()}));
  CHECK(!TrueVectorFile("/proc/none", ctx, a).write(0, large));
}
