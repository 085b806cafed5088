// The one thread that touches the disk while the gateway runs. Batches: journal appends, fdatasync,
// one SQLite transaction, then the callbacks, in the order of submission.
#pragma once

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "gateway/engine/chunk_journal.hpp"
#include "gateway/engine/store.hpp"

namespace tributary::gateway::engine {

using JournalPtr = std::shared_ptr<ChunkJournal>;

class Writer {
 public:
  struct Options {
    std::size_t batch_bytes = 8 << 20;
    std::chrono::milliseconds batch_wait{5};
    std::size_t queue_bytes = 32 << 20;
  };
  // Called on the io_context.
  struct Observer {
    std::function<void(std::size_t items, std::size_t bytes)> batch;  // committed
    std::function<void(const std::string& why)> failed;  // once; nothing is written any more
  };

  Writer(boost::asio::io_context& io, Options options, Observer observer,
         std::unique_ptr<Store> store);
  // Writes what is queued, then ends the thread. No callback runs afterwards.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // The methods below are for the io_context thread.

  // False: the queue is full, nothing happened.
  [[nodiscard]] bool append(JournalPtr journal, const round::ChunkStored& chunk, Bytes words);
  // `change` runs in the batch's transaction, on the writer thread; `durable` after its commit, on
  // the io_context. Never refused: what calls it is bounded by the rounds.
  void commit(std::function<void(Store&)> change, std::function<void()> durable = {});
  // Runs on the writer thread after everything submitted before is durable; for files.
  void afterwards(std::function<void()> work);

  std::size_t queued_bytes() const { return queued_bytes_; }

 private:
  struct Item {
    JournalPtr journal;
    round::ChunkStored chunk;
    Bytes words;
    std::function<void(Store&)> change;
    std::function<void()> durable;
    std::function<void()> afterwards;
  };
  using Batch = std::vector<Item>;

  void submit(Item item);
  void run();
  Batch next_batch();
  void write(Batch& batch);
  void report(Batch batch);

  boost::asio::io_context& io_;
  Options options_;
  Observer observer_;
  std::unique_ptr<Store> store_;
  std::size_t queued_bytes_ = 0;  // of the io_context thread: until the batch is reported

  std::mutex mutex_;
  std::condition_variable wake_;
  Batch queue_;
  std::size_t waiting_bytes_ = 0;
  bool stopping_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // of the io_context thread
  std::thread thread_;
};

}  // namespace tributary::gateway::engine
