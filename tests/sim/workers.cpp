#include "tests/sim/workers.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace tributary::sim {
namespace {

struct Line {
  std::uint64_t number;
  std::uint32_t strikes;
  std::uint32_t released;
  std::uint32_t abandoned;
  std::uint64_t text_bytes;
  std::uint64_t begun;  // 1: no verdict yet
};

// A pipe of one process: it says a number when it begins, and its verdict after it.
class Reports {
 public:
  explicit Reports(int file) : file_(::fdopen(file, "r")) {}
  ~Reports() { std::fclose(file_); }
  Reports(const Reports&) = delete;
  Reports& operator=(const Reports&) = delete;

  void read_all(std::vector<Verdict>& verdicts) {
    bool open = false;
    Line line{};
    while (std::fread(&line, sizeof line, 1, file_) == 1) {
      open = line.begun == 1;
      last_ = line.number;
      if (open) continue;
      Verdict verdict{line.number, line.strikes, line.released, line.abandoned,
                      std::string(line.text_bytes, 0)};
      const auto read = std::fread(verdict.text.data(), 1, verdict.text.size(), file_);
      if (read != verdict.text.size()) verdict.text += " (cut off)";
      verdicts.push_back(std::move(verdict));
    }
    if (open) verdicts.push_back({last_, 0, 0, 0, "the process died, see standard error"});
  }

 private:
  FILE* file_;
  std::uint64_t last_ = 0;
};

void write_all(int file, const void* bytes, std::size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const auto written = ::write(file, at, size);
    if (written <= 0) std::_Exit(1);  // nobody reads any more
    at += written;
    size -= static_cast<std::size_t>(written);
  }
}

void say(int file, const Verdict& verdict, bool begun) {
  const Line line{verdict.number,    verdict.strikes,     verdict.released,
                  verdict.abandoned, verdict.text.size(), begun ? 1U : 0U};
  write_all(file, &line, sizeof line);
  write_all(file, verdict.text.data(), verdict.text.size());
}

struct Child {
  pid_t process;
  int reports;
};

Child begin(const std::vector<std::uint64_t>& numbers, std::size_t first,
            const std::function<Verdict(std::uint64_t)>& work) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child > 0) {
    ::close(ends[1]);
    return {child, ends[0]};
  }
  ::close(ends[0]);
  for (std::size_t i = first; i < numbers.size(); i += 2) {
    say(ends[1], {numbers[i], 0, 0, 0, {}}, true);
    say(ends[1], work(numbers[i]), false);
  }
  std::_Exit(0);
}

}  // namespace

std::vector<Verdict> in_two_processes(const std::vector<std::uint64_t>& numbers,
                                      const std::function<Verdict(std::uint64_t)>& work) {
  const Child children[] = {begin(numbers, 0, work), begin(numbers, 1, work)};
  std::vector<Verdict> verdicts;
  for (const auto& child : children) {
    Reports(child.reports).read_all(verdicts);
    int status = 0;
    ::waitpid(child.process, &status, 0);
  }
  return verdicts;
}

}  // namespace tributary::sim
