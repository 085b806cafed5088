#include "cloud/cli/model_file.hpp"

#include <doctest/doctest.h>

#include "authority_folder.hpp"

using namespace tributary::cli;

TEST_CASE("the extension chooses the format, both ways") {
  EmptyFolder folder;
  const std::vector<float> values = {1, 2, 3};
  for (const char* name : {"model.npy", "model.safetensors"}) {
    write_model(folder.path() / name, values, "mlp:2-1", "ab");
    CHECK(read_model(folder.path() / name, "mlp:2-1") == values);
    CHECK(fault_of([&] {
            write_model(folder.path() / name, values, "mlp:2-1", "");
          }).find("exists already") != std::string::npos);
  }
  CHECK(fault_of([&] {
          write_model(folder.path() / "model.pt", values, "mlp:2-1", "");
        }).find(".npy or .safetensors") != std::string::npos);
  CHECK(fault_of([&] {
          read_model(folder.path() / "model.onnx", "mlp:2-1");
        }).find(".npy or .safetensors") != std::string::npos);
}

TEST_CASE("a fault names the file") {
  EmptyFolder folder;
  const auto missing = folder.path() / "missing.npy";
  CHECK(fault_of([&] { read_model(missing, "mlp:2-1"); }).find(missing.string()) == 0);
  const auto damaged = folder.path() / "damaged.safetensors";
  write_new(damaged, "xx", Secrecy::open);
  CHECK(fault_of([&] { read_model(damaged, "mlp:2-1"); }).find(damaged.string()) == 0);
  std::filesystem::create_directory(folder.path() / "folder.npy");
  CHECK(fault_of([&] { read_model(folder.path() / "folder.npy", "mlp:2-1"); }).find("folder.npy") !=
        std::string::npos);
}
