// Runs a fuzz target without libFuzzer, so that every compiler runs it in the default tests: over files and folders,
// then over mutations of them that are the same for the same seed.
//   fuzz_x [-runs=N] [-seed=N] [-max_len=N] [-max_total_time=SECONDS] [-artifact_prefix=PATH] FILE|FOLDER..
// An input that ends the process is left at PATH as crash.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "tests/fuzz/chance.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;
using tributary::fuzz::Chance;

Input current;
std::string artifact = "crash";

void leave_artifact() {
  const int file = ::open(artifact.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  const auto written = ::write(file, current.data(), current.size());
  (void)written;  // the process ends; what was run is worth keeping, no more
  ::close(file);
}

void on_abort(int) {
  leave_artifact();
  ::signal(SIGABRT, SIG_DFL);
  ::raise(SIGABRT);
}

Input read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void add(std::vector<Input>& corpus, const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) return corpus.push_back(read(path));
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry);
  std::ranges::sort(files);
  for (const auto& file : files) corpus.push_back(read(file));
}

std::size_t place(Chance& chance, const Input& input) {
  return input.empty() ? 0 : chance.below(input.size());
}

void overwrite(Chance& chance, Input& input) {
  constexpr std::uint64_t edges[] = {0,      1,      0x7f,       0x80,       0xff,
                                     0x7fff, 0xffff, 0x7fffffff, 0xffffffff, ~0ULL};
  const auto value = edges[chance.below(std::size(edges))];
  const std::size_t size = std::size_t{1} << chance.below(4);
  const auto at = place(chance, input);
  for (std::size_t i = 0; i < size && at + i < input.size(); ++i) {
    input[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

void insert(Chance& chance, Input& input, const Input& other) {
  const auto from = place(chance, other);
  const auto size =
      std::min<std::size_t>(other.size() - std::min(other.size(), from), 1 + chance.below(32));
  const Input piece(other.begin() + static_cast<std::ptrdiff_t>(from),
                    other.begin() + static_cast<std::ptrdiff_t>(from + size));
  input.insert(input.begin() + static_cast<std::ptrdiff_t>(place(chance, input)), piece.begin(),
               piece.end());
}

void erase(Chance& chance, Input& input) {
  if (input.empty()) return;
  const auto at = place(chance, input);
  const auto size = std::min<std::size_t>(input.size() - at, 1 + chance.below(16));
  const auto first = input.begin() + static_cast<std::ptrdiff_t>(at);
  input.erase(first, first + static_cast<std::ptrdiff_t>(size));
}

void mutate(Chance& chance, Input& input, const std::vector<Input>& corpus) {
  switch (chance.below(6)) {
    case 0:
      if (!input.empty())
        input[place(chance, input)] ^= static_cast<std::uint8_t>(1U << chance.below(8));
      return;
    case 1:
      if (!input.empty())
        input[place(chance, input)] = static_cast<std::uint8_t>(chance.below(256));
      return;
    case 2:
      return overwrite(chance, input);
    case 3:
      return insert(chance, input, corpus[chance.below(corpus.size())]);
    case 4:
      return erase(chance, input);
    default:
      return input.resize(place(chance, input));
  }
}

}  // namespace

extern "C" {
const char* __asan_default_options() {
  return "abort_on_error=1:max_allocation_size_mb=512:hard_rss_limit_mb=2048";
}
const char* __ubsan_default_options() {
  return "abort_on_error=1:print_stacktrace=1";
}
}

int main(int count, char** arguments) {
  std::map<std::string, std::string> options{{"runs", "0"},
                                             {"seed", "1"},
                                             {"max_len", "4096"},
                                             {"max_total_time", "60"},
                                             {"artifact_prefix", ""}};
  std::vector<Input> corpus;
  for (int i = 1; i < count; ++i) {
    const std::string argument = arguments[i];
    const auto equals = argument.find('=');
    if (argument.starts_with("-") && equals != std::string::npos) {
      options[argument.substr(1, equals - 1)] = argument.substr(equals + 1);
    } else {
      add(corpus, argument);
    }
  }
  corpus.emplace_back();
  artifact = options["artifact_prefix"] + "crash";
  ::signal(SIGABRT, on_abort);
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::seconds(std::stoul(options["max_total_time"]));
  const auto runs = std::stoul(options["runs"]);
  Chance chance(std::stoull(options["seed"]));
  std::size_t done = 0;
  for (; done < corpus.size() + runs && std::chrono::steady_clock::now() < end; ++done) {
    current = corpus[done < corpus.size() ? done : chance.below(corpus.size())];
    const auto edits = done < corpus.size() ? 0 : 1 + chance.below(5);
    for (std::size_t i = 0; i < edits; ++i) mutate(chance, current, corpus);
    if (current.size() > std::stoul(options["max_len"]))
      current.resize(std::stoul(options["max_len"]));
    // A copy of exactly its size: reading behind it is seen.
    const Input exact(current);
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }
  std::printf("stat::number_of_executed_units: %zu\n", done);
  return done < corpus.size() ? 1 : 0;
}
