#include <cstring>
#include <iostream>

#include "cloud/cli/access.hpp"
#include "cloud/cli/commands.hpp"
#include "cloud/cli/files.hpp"
#include "cloud/cli/model_file.hpp"
#include "cloud/cli/printing.hpp"

namespace tributary::cli {
namespace {

namespace json = boost::json;

void print_model(const Access& access, const json::value& model) {
  if (access.json) {
    std::cout << json::serialize(model) << '\n';
  } else {
    print_object(model);
  }
}

void add_import(CLI::App& model) {
  auto* command =
      model.add_subcommand("import", "Register a model from a .npy or .safetensors file");
  auto access = add_access(*command);
  auto name = std::make_shared<std::string>();
  auto architecture = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  command->add_option("--name", *name, "Name in the registry")->required();
  command->add_option("--architecture", *architecture, "For example mlp:784-32-10")->required();
  command->add_option("FILE", *file, "The model")->required();
  command->callback([=] {
    const auto values = read_model(*file, *architecture);
    const std::string body(reinterpret_cast<const char*>(values.data()),
                           values.size() * sizeof(float));
    const Answer answer =
        ask(*access, "POST",
            "/v1/models?name=" + encoded(*name) + "&architecture=" + encoded(*architecture),
            "application/octet-stream", body);
    print_model(*access, json::parse(answer.body));
  });
}

void add_export(CLI::App& model) {
  auto* command =
      model.add_subcommand("export", "Write a model to a new .npy or .safetensors file");
  auto access = add_access(*command);
  auto hash = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  command->add_option("HASH", *hash, "Hash of the model")->required();
  command->add_option("--out", *file, "The file")->required();
  command->callback([=] {
    const auto about = ask_json(*access, "GET", "/v1/models/" + encoded(*hash));
    const Answer content = ask(*access, "GET", "/v1/models/" + encoded(*hash) + "/content");
    std::vector<float> values(content.body.size() / sizeof(float));
    std::memcpy(values.data(), content.body.data(), values.size() * sizeof(float));
    write_model(*file, values, cell(about, "architecture"), *hash);
    std::cout << *file << ": " << values.size() << " parameters of " << cell(about, "architecture")
              << '\n';
  });
}

}  // namespace

void add_model_commands(CLI::App& program) {
  auto* model = program.add_subcommand("model", "The registry of models");
  model->require_subcommand(1);
  auto* list = model->add_subcommand("list", "All models");
  auto list_access = add_access(*list);
  list->callback([=] {
    const auto document = ask_json(*list_access, "GET", "/v1/models");
    if (list_access->json) {
      std::cout << json::serialize(document) << '\n';
    } else {
      print_table(items_of(document),
                  {"hash", "name", "version", "architecture", "round", "created_at"});
    }
  });
  auto* show = model->add_subcommand("show", "One model: name, version, lineage");
  auto show_access = add_access(*show);
  auto hash = std::make_shared<std::string>();
  show->add_option("HASH", *hash, "Hash of the model")->required();
  show->callback([=] {
    print_model(*show_access, ask_json(*show_access, "GET", "/v1/models/" + encoded(*hash)));
  });
  add_import(*model);
  add_export(*model);
}

}  // namespace tributary::cli
