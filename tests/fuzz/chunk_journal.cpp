// A journal with any content: what is read is a prefix of the file, reading again gives the same, appending goes on
// behind it, and a round recovers from it.
#include "gateway/engine/chunk_journal.hpp"
#include "gateway/round/round.hpp"
#include "tests/fuzz/folder.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace tributary;
using namespace tributary::gateway;

constexpr std::uint32_t chunks = 2;
const engine::WordLayout layout{crypto::RingBits::b16, 40, 48, chunks};

DeviceId device(std::uint8_t number) {
  DeviceId id;
  id.bytes.fill(number);
  return id;
}

void recover_round(std::vector<round::ChunkStored> rows) {
  const round::Plan plan{
      {}, chunks, 1, 2, 2, 3, std::chrono::hours(1), std::chrono::milliseconds(0)};
  const round::Limits limits;
  auto [machine, effects] = round::Round::recover(plan, limits, {device(1), device(2), device(3)},
                                                  {{}, std::move(rows), std::nullopt, false},
                                                  std::chrono::milliseconds(0));
  machine.on(round::UploadRequested{device(1), Nonce{}, chunks}, std::chrono::milliseconds(1));
  fuzz::require(machine.collecting(), "a recovered round collects");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const auto path = folder / "journal";
  const std::string content(reinterpret_cast<const char*>(data), size);
  fuzz::write_file(path, content);
  std::size_t rows = 0;
  {
    engine::ChunkJournal journal(path);
    auto first = journal.recover();
    rows = first.size();
    fuzz::require(journal.size() <= size, "nothing is read that is not there");
    fuzz::require(content.starts_with(fuzz::read_file(path)), "what stays is what was there");
    fuzz::require(journal.recover().size() == rows, "reading again gives the same");
    const std::vector<round::Contribution> survivors{{device(1), Nonce{}, {}, {}}};
    const auto sum = journal.sum(layout, survivors);
    fuzz::require(!sum || sum->size() == layout.bytes(), "a sum has the size of an update");
    journal.append({device(2), Nonce{}, 1, {}}, Bytes(32, 7));
    journal.sync();
    recover_round(std::move(first));
  }
  engine::ChunkJournal again(path);
  fuzz::require(again.recover().size() == rows + 1, "what was appended is found");
  return 0;
}
