// Everything that changes the disk while the gateway runs, in batches: journal appends, fdatasync, one
// SQLite transaction, then the callbacks, in the order of submission. A WriterThread drives it.
#pragma once

#include <functional>
#include <mutex>

#include "gateway/engine/chunk_journal.hpp"
#include "gateway/engine/store.hpp"

namespace tributary::gateway::engine {

using JournalPtr = std::shared_ptr<ChunkJournal>;

class Writer {
 public:
  // Called on the io_context thread.
  struct Observer {
    std::function<void(std::size_t items, std::size_t bytes)> batch;  // committed
    std::function<void(const std::string& why)> failed;   // once; nothing is written any more
    std::function<void(const std::string& why)> stalled;  // no room; empty: there is some again
  };

  Writer(std::size_t queue_bytes, Observer observer, std::unique_ptr<Store> store)
      : most_bytes_(queue_bytes), observer_(std::move(observer)), store_(std::move(store)) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // ---- for the io_context thread

  // False: the queue is full, nothing happened.
  [[nodiscard]] bool append(JournalPtr journal, const round::ChunkStored& chunk, Bytes words);
  // `change` runs in the batch's transaction, on the driver's thread; `durable` after its commit, on
  // the io_context thread. Never refused: what calls it is bounded by the rounds.
  void commit(std::function<void(Store&)> change, std::function<void()> durable = {});
  // Runs on the driver's thread after everything submitted before is durable; for files.
  void afterwards(std::function<void()> work);

  std::size_t queued_bytes() const { return queued_bytes_; }

  // ---- for the driver: batches one after the other, each written on one thread and then reported
  // on the io_context thread

  struct Item {
    JournalPtr journal;
    round::ChunkStored chunk;
    Bytes words;
    std::function<void(Store&)> change;
    std::function<void()> durable;
    std::function<void()> afterwards;
  };
  using Batch = std::vector<Item>;
  enum class Step { appended, synced, committed };

  // `wake` runs after each submission, on the io_context thread; `bytes` are all that wait.
  void on_submit(std::function<void(std::size_t bytes)> wake);
  Batch take();  // what waits; empty: nothing
  // Throws what the disk throws. After storage::FailureKind::full nothing of the batch has been promised
  // and it may be written again, as often as it takes; otherwise nothing may be written afterwards. `done` is told of each step and may
  // throw to end the batch there, as a crash would.
  void write(Batch& batch, const std::function<void(Step)>& done = {});
  void report(Batch batch);
  void failed(const std::string& why) { observer_.failed(why); }
  void stalled(const std::string& why) { observer_.stalled(why); }

 private:
  void submit(Item item);

  std::size_t most_bytes_;
  Observer observer_;
  std::unique_ptr<Store> store_;
  std::size_t queued_bytes_ = 0;  // of the io_context thread: until the batch is reported

  std::mutex mutex_;
  Batch queue_;
  std::size_t waiting_bytes_ = 0;
  std::function<void(std::size_t)> wake_;
};

}  // namespace tributary::gateway::engine
