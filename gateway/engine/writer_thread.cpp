#include "gateway/engine/writer_thread.hpp"

#include <boost/asio/post.hpp>

#include "cloud/service/failpoint.hpp"

namespace tributary::gateway::engine {
namespace {

void pass(Writer::Step step) {
  switch (step) {
    case Writer::Step::appended:
      return service::reach(service::Failpoint::journal_appended);
    case Writer::Step::synced:
      return service::reach(service::Failpoint::journal_synced);
    case Writer::Step::committed:
      return service::reach(service::Failpoint::batch_committed);
  }
}

}  // namespace

WriterThread::WriterThread(boost::asio::io_context& io, Writer& writer) : io_(io), writer_(writer) {
  writer_.on_submit([this](std::size_t bytes) { submitted(bytes); });
  thread_ = std::thread([this] { run(); });
}

WriterThread::~WriterThread() {
  *alive_ = false;
  writer_.on_submit({});
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void WriterThread::submitted(std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    waiting_ = true;
    full_ = full_ || bytes >= batch_bytes;
  }
  wake_.notify_one();
}

// Empty: the thread is to end.
Writer::Batch WriterThread::next_batch() {
  for (;;) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stopping_ || waiting_; });
    wake_.wait_for(lock, batch_wait, [&] { return stopping_ || full_; });
    waiting_ = full_ = false;
    Writer::Batch batch = writer_.take();
    if (stopping_ || !batch.empty()) return batch;
  }
}

// A full disk frees itself when space does: the batch waits for that. False: the thread is to end, and
// nothing of the batch was promised.
bool WriterThread::write(Writer::Batch& batch) {
  for (bool told = false;; told = true) {
    try {
      writer_.write(batch, pass);
      if (told) tell_stalled({});
      return true;
    } catch (const storage::Failure& failure) {
      if (failure.kind() != storage::FailureKind::full) throw;
      if (!told) tell_stalled(failure.what());
    }
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, room_wait, [&] { return stopping_; })) return false;
  }
}

void WriterThread::tell_stalled(const std::string& why) {
  boost::asio::post(io_, [alive = alive_, this, why] {
    if (*alive) writer_.stalled(why);
  });
}

void WriterThread::run() {
  try {
    for (;;) {
      auto batch = std::make_shared<Writer::Batch>(next_batch());
      if (batch->empty()) return;
      if (!write(*batch)) return;
      boost::asio::post(io_, [alive = alive_, this, batch] {
        if (*alive) writer_.report(std::move(*batch));
      });
    }
  } catch (const std::exception& failure) {
    // Includes constraint violations and the like: the disk and the memory no longer agree.
    boost::asio::post(io_, [alive = alive_, this, why = std::string(failure.what())] {
      if (*alive) writer_.failed(why);
    });
  }
}

}  // namespace tributary::gateway::engine
