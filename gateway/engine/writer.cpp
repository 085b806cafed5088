#include "gateway/engine/writer.hpp"

#include <set>

namespace tributary::gateway::engine {

bool Writer::append(JournalPtr journal, const round::ChunkStored& chunk, Bytes words) {
  if (queued_bytes_ + words.size() > most_bytes_) return false;
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
  std::size_t waiting = 0;
  {
    const std::lock_guard lock(mutex_);
    waiting = waiting_bytes_ += bytes;
    queue_.push_back(std::move(item));
  }
  if (wake_) wake_(waiting);
}

void Writer::on_submit(std::function<void(std::size_t)> wake) {
  wake_ = std::move(wake);
  if (wake_) wake_(waiting_bytes_);
}

Writer::Batch Writer::take() {
  const std::lock_guard lock(mutex_);
  waiting_bytes_ = 0;
  return std::exchange(queue_, {});
}

void Writer::write(Batch& batch, const std::function<void(Step)>& done) {
  const auto reached = [&](Step step) {
    if (done) done(step);
  };
  std::set<ChunkJournal*> dirty;
  for (const auto& item : batch) {
    if (item.journal == nullptr) continue;
    item.journal->append(item.chunk, item.words);
    dirty.insert(item.journal.get());
  }
  reached(Step::appended);
  for (ChunkJournal* journal : dirty) journal->sync();
  reached(Step::synced);
  store_->database().transaction([&] {
    for (const auto& item : batch) {
      if (item.change) item.change(*store_);
    }
  });
  reached(Step::committed);
  try {
    for (const auto& item : batch) {
      if (item.afterwards) item.afterwards();
    }
  } catch (const storage::Failure& failure) {
    // The changes are committed: this batch must not be written again.
    throw storage::Failure(storage::FailureKind::io, failure.what());
  }
}

void Writer::report(Batch batch) {
  std::size_t bytes = 0;
  for (auto& item : batch) {
    bytes += item.words.size();
    item.words = {};
  }
  queued_bytes_ -= bytes;
  observer_.batch(batch.size(), bytes);
  for (const auto& item : batch) {
    if (item.durable) item.durable();
  }
}

}  // namespace tributary::gateway::engine
