#include "sliding_log.hpp"

#include <catch2/catch.hpp>
#include <deque>
#include <random>
#include <vector>

using namespace pg_takeout;

namespace {

// A log as one would write it without a thought for memory.
class NaiveLog {
 public:
  explicit NaiveLog(std::size_t capacity) : capacity_(capacity) {}

  void expire(std::uint64_t now) {
    std::erase_if(times_, [now](std::uint64_t time) { return time + quota_window <= now; });
  }
  void append(std::uint64_t now) {
    expire(now);
    times_.push_back(now);
    if (times_.size() > capacity_) times_.pop_front();
  }
  bool remove(std::uint64_t time) {
    const auto found = std::find(times_.begin(), times_.end(), time);
    if (found == times_.end()) return false;
    times_.erase(found);
    return true;
  }
  [[nodiscard]] const std::deque<std::uint64_t>& times() const { return times_; }

 private:
  std::size_t capacity_;
  std::deque<std::uint64_t> times_;
};

void require_same(const SlidingLog& log, StampRing ring, const NaiveLog& naive) {
  REQUIRE(log.count == naive.times().size());
  for (std::uint32_t i = 0; i < log.count; ++i) REQUIRE(expiry(log, ring, i) == naive.times()[i] + quota_window);
}

}  // namespace

TEST_CASE("a stamp stays for exactly one window") {
  SlidingLog log{};
  std::vector<std::uint32_t> ring(3);
  append(log, ring, 1000);
  append(log, ring, 1500);
  expire(log, ring, 1000 + quota_window - 1);
  CHECK(log.count == 2);
  expire(log, ring, 1000 + quota_window);
  CHECK(log.count == 1);
  CHECK(expiry(log, ring, 0) == 1500 + quota_window);
  expire(log, ring, 1500 + quota_window);
  CHECK(log.count == 0);
}

TEST_CASE("a log is what a naive one is, over millions of requests and of pauses of any length") {
  for (const std::size_t capacity : {1, 2, 7, 100}) {
    std::mt19937_64 random(capacity);
    SlidingLog log{};
    std::vector<std::uint32_t> ring(capacity);
    NaiveLog naive(capacity);
    // Begins before the low half of the clock wraps around, and passes many times through that.
    std::uint64_t now = UINT32_MAX - std::uint64_t{1000};
    const std::uint64_t step = 2 * quota_window / capacity;
    for (int i = 0; i < 500'000; ++i) {
      switch (random() % 64) {
        case 0:
          now += random() % (std::uint64_t{3} << 32);  // hours of nothing
          break;
        case 1:
          now += quota_window - 1 + random() % 3;
          break;
        default:
          now += random() % step;
      }
      if (random() % 8 == 0 && log.count > 0) {
        const std::uint64_t time = naive.times()[random() % log.count] + random() % 2;
        REQUIRE(remove(log, ring, time) == naive.remove(time));
      } else if (random() % 4 == 0) {
        expire(log, ring, now);
        naive.expire(now);
      } else {
        REQUIRE(append(log, ring, now) == now);
        naive.append(now);
      }
      require_same(log, ring, naive);
    }
  }
}

TEST_CASE("a time that lies before the newest is taken for that") {
  SlidingLog log{};
  std::vector<std::uint32_t> ring(4);
  append(log, ring, 5000);
  CHECK(append(log, ring, 3000) == 5000);
  CHECK(log.count == 2);
  CHECK(expiry(log, ring, 1) == 5000 + quota_window);
}

TEST_CASE("no window whatsoever holds more than the limit, and none is refused that has room") {
  constexpr std::uint32_t limit = 50;
  std::mt19937_64 random(1);
  SlidingLog log{};
  std::vector<std::uint32_t> ring(64);
  std::vector<std::uint64_t> taken;
  std::uint64_t now = 1;
  for (int i = 0; i < 1'000'000; ++i) {
    now += random() % 400'000;
    if (random() % 1000 == 0) now += quota_window;
    expire(log, ring, now);
    const bool has_room = taken.size() < limit || taken[taken.size() - limit] + quota_window <= now;
    REQUIRE((log.count < limit) == has_room);
    if (!has_room) continue;
    append(log, ring, now);
    taken.push_back(now);
  }
  for (std::size_t i = limit; i < taken.size(); ++i) REQUIRE(taken[i] - taken[i - limit] >= quota_window);
  CHECK(taken.size() > 1000 * limit);
}
