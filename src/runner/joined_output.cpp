#include "joined_output.hpp"

#include "spool.hpp"

namespace pg_takeout {

class PartOutput final : public Output {
 public:
  PartOutput(JoinedOutput& joined, int number) : joined_(joined), number_(number), spool_(joined.spool_directory_) {}

  void write(std::string_view bytes) override {
    if (!has_turn_ && joined_.has_turn(number_)) take_turn();
    has_turn_ ? joined_.write(bytes) : spool_.write(bytes);
  }

  void finish() override {
    if (!has_turn_) {
      joined_.wait_for_turn(number_);
      take_turn();
    }
    joined_.end_turn();
  }

 private:
  void take_turn() {
    has_turn_ = true;
    spool_.drain([this](std::string_view bytes) { joined_.write(bytes); });
  }

  JoinedOutput& joined_;
  int number_;
  Spool spool_;
  bool has_turn_ = false;
};

std::unique_ptr<Output> JoinedOutput::part(int number) { return std::make_unique<PartOutput>(*this, number); }

void JoinedOutput::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool JoinedOutput::is_stopped() {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

bool JoinedOutput::has_turn(int number) {
  const std::lock_guard lock(mutex_);
  return turn_ == number;
}

void JoinedOutput::wait_for_turn(int number) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return turn_ == number || stopped_; });
  if (stopped_) throw Stopped();
}

void JoinedOutput::write(std::string_view bytes) {
  if (is_stopped()) throw Stopped();
  output_->write(bytes);
}

void JoinedOutput::end_turn() {
  const std::lock_guard lock(mutex_);
  ++turn_;
  changed_.notify_all();
}

}  // namespace pg_takeout
