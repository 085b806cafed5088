#include "gateway/engine/writer.hpp"

#include <boost/asio/post.hpp>
#include <set>

namespace tributary::gateway::engine {

Writer::Writer(boost::asio::io_context& io, Options options, Observer observer,
               std::unique_ptr<Store> store)
    : io_(io),
      options_(options),
      observer_(std::move(observer)),
      store_(std::move(store)),
      thread_([this] { run(); }) {}

Writer::~Writer() {
  *alive_ = false;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool Writer::append(JournalPtr journal, const round::ChunkStored& chunk, Bytes words) {
  if (queued_bytes_ + words.size() > options_.queue_bytes) return false;
  submit({std::move(journal), chunk, std::move(words), {}, {}, {}});
  return true;
}

void Writer::commit(std::function<void(Store&)> change, std::function<void()> durable) {
  submit({{}, {}, {}, std::move(change), std::move(durable), {}});
}

void Writer::afterwards(std::function<void()> work) {
  submit({{}, {}, {}, {}, {}, std::move(work)});
}

void Writer::submit(Item item) {
  const std::size_t bytes = item.words.size();
  queued_bytes_ += bytes;
  {
    const std::lock_guard lock(mutex_);
    waiting_bytes_ += bytes;
    queue_.push_back(std::move(item));
  }
  wake_.notify_one();
}

// Empty: the writer is to end.
Writer::Batch Writer::next_batch() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
  // Whoever comes within this time shares the fsync.
  wake_.wait_for(lock, options_.batch_wait,
                 [&] { return stopping_ || waiting_bytes_ >= options_.batch_bytes; });
  waiting_bytes_ = 0;
  return std::exchange(queue_, {});
}

void Writer::run() {
  try {
    for (Batch batch = next_batch(); !batch.empty(); batch = next_batch()) {
      write(batch);
      report(std::move(batch));
    }
  } catch (const std::exception& failure) {
    // Includes constraint violations and the like: the disk and the memory no longer agree.
    boost::asio::post(io_, [alive = alive_, this, why = std::string(failure.what())] {
      if (*alive) observer_.failed(why);
    });
  }
}

void Writer::write(Batch& batch) {
  std::set<ChunkJournal*> dirty;
  for (const auto& item : batch) {
    if (item.journal == nullptr) continue;
    item.journal->append(item.chunk, item.words);
    dirty.insert(item.journal.get());
  }
  for (ChunkJournal* journal : dirty) journal->sync();
  store_->database().transaction([&] {
    for (const auto& item : batch) {
      if (item.change) item.change(*store_);
    }
  });
  for (const auto& item : batch) {
    if (item.afterwards) item.afterwards();
  }
}

void Writer::report(Batch batch) {
  std::size_t bytes = 0;
  for (auto& item : batch) {
    bytes += item.words.size();
    item.words = {};
  }
  boost::asio::post(io_, [alive = alive_, this, bytes, done = std::move(batch)] {
    if (!*alive) return;
    queued_bytes_ -= bytes;
    observer_.batch(done.size(), bytes);
    for (const auto& item : done) {
      if (item.durable) item.durable();
    }
  });
}

}  // namespace tributary::gateway::engine
