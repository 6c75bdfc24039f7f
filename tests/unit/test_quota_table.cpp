#include "quota_table.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <random>
#include <vector>

using namespace pg_takeout;
using Outcome = QuotaTable::Outcome;

namespace {

QuotaKey key(std::uint32_t number) { return {5, 10 + number % 3, {number, ~std::uint64_t{number}}}; }

// A table in memory that held something else before, with a guard behind it.
class Table {
 public:
  Table(std::uint32_t slots, std::uint32_t stamps)
      : size_(QuotaTable::bytes(slots, stamps)), memory_(size_ / 8 + 9, guard) {
    table_ = QuotaTable::create(memory_.data(), slots, stamps);
  }
  ~Table() { CHECK(memory_.back() == guard); }
  QuotaTable* operator->() { return table_; }

 private:
  static constexpr std::uint64_t guard = 0x5a5a5a5a5a5a5a5a;
  std::size_t size_;
  std::vector<std::uint64_t> memory_;
  QuotaTable* table_;
};

constexpr std::uint64_t second = 1'000'000;

}  // namespace

TEST_CASE("the limit is taken and no more, and the next place is when the oldest request leaves") {
  Table table(4, 10);
  for (std::uint64_t i = 1; i <= 3; ++i) CHECK(table->take(key(1), 3, i * second).outcome == Outcome::taken);
  const auto refused = table->take(key(1), 3, 4 * second);
  CHECK(refused.outcome == Outcome::used_up);
  CHECK(refused.time == quota_window + second);
  CHECK(table->take(key(1), 3, refused.time - 1).outcome == Outcome::used_up);
  CHECK(table->take(key(1), 3, refused.time).outcome == Outcome::taken);
  CHECK(table->take(key(1), 3, refused.time).outcome == Outcome::used_up);
}

TEST_CASE("database, role and each half of the tenant's hash tell logs apart") {
  Table table(16, 2);
  const QuotaKey first{1, 1, {1, 1}};
  for (const QuotaKey& other : {first, {2, 1, {1, 1}}, {1, 2, {1, 1}}, {1, 1, {2, 1}}, {1, 1, {1, 2}}}) {
    CHECK(table->take(other, 1, second).outcome == Outcome::taken);
    CHECK(table->take(other, 1, second).outcome == Outcome::used_up);
  }
}

TEST_CASE("a lowered limit holds at once, and waits until enough have left") {
  Table table(4, 10);
  for (std::uint64_t i = 1; i <= 5; ++i) CHECK(table->take(key(1), 0, i * second).outcome == Outcome::taken);
  const auto refused = table->take(key(1), 2, 6 * second);
  CHECK(refused.outcome == Outcome::used_up);
  CHECK(refused.time == quota_window + 4 * second);
  CHECK(table->usage(key(1), 2, 6 * second).next_change == refused.time);
  CHECK(table->usage(key(1), 8, 6 * second).next_change == quota_window + second);
  CHECK(table->usage(key(1), 8, 6 * second).used == 5);
}

TEST_CASE("without a limit more than the log holds are taken; a limit set then finds the last ones") {
  Table table(1, 4);
  for (std::uint64_t i = 1; i <= 100; ++i) CHECK(table->take(key(1), 0, i * second / 10).outcome == Outcome::taken);
  CHECK(table->usage(key(1), 4, 10 * second).used == 4);
  CHECK(table->take(key(1), 4, 10 * second).outcome == Outcome::used_up);
}

TEST_CASE("a request that is given back makes its own place free") {
  Table table(1, 4);
  const std::uint64_t first = table->take(key(1), 2, 1 * second).time;
  const std::uint64_t last = table->take(key(1), 2, 2 * second).time;
  table->give_back(key(1), first);
  CHECK(table->usage(key(1), 2, 3 * second).used == 1);
  CHECK(table->usage(key(1), 2, 3 * second).next_change == last + quota_window);
  table->give_back(key(1), first);  // is not there
  CHECK(table->usage(key(1), 2, 3 * second).used == 1);
  table->give_back(key(1), last);
  CHECK(table->usage(key(1), 2, 3 * second).used == 0);
  // The slot is free with it.
  CHECK(table->take(key(2), 2, 3 * second).outcome == Outcome::taken);
}

TEST_CASE("only an empty log makes room for another, and a full table says when one will be") {
  Table table(2, 4);
  CHECK(table->take(key(1), 3, 1 * second).outcome == Outcome::taken);
  CHECK(table->take(key(2), 3, 2 * second).outcome == Outcome::taken);
  CHECK(table->take(key(1), 3, 3 * second).outcome == Outcome::taken);
  const auto refused = table->take(key(3), 3, 4 * second);
  CHECK(refused.outcome == Outcome::table_full);
  CHECK(refused.time == quota_window + 2 * second);
  CHECK(table->take(key(3), 0, 4 * second).outcome == Outcome::taken);  // no limit, no log
  CHECK(table->take(key(3), 3, refused.time - 1).outcome == Outcome::table_full);
  CHECK(table->take(key(3), 3, refused.time).outcome == Outcome::taken);
  CHECK(table->usage(key(1), 3, refused.time).used == 1);
  CHECK(table->usage(key(2), 3, refused.time).used == 0);
  CHECK(table->take(key(2), 3, refused.time).outcome == Outcome::table_full);
}

TEST_CASE("any number of keys have the logs of a map of lists, as long as there are slots") {
  constexpr std::uint32_t slots = 50;
  constexpr std::uint32_t stamps = 6;
  Table table(slots, stamps);
  std::map<std::uint32_t, std::vector<std::uint64_t>> naive;
  std::mt19937_64 random(3);
  std::uint64_t now = second;
  int full = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    now += random() % (second / 2);
    if (random() % 100'000 == 0) now += 5'000 * second;
    const auto number = static_cast<std::uint32_t>(random() % (i % 200'000 < 100'000 ? slots - 5 : 2 * slots));
    const auto limit = static_cast<std::uint32_t>(1 + random() % stamps);
    for (auto entry = naive.begin(); entry != naive.end();) {
      std::erase_if(entry->second, [now](std::uint64_t time) { return time + quota_window <= now; });
      entry = entry->second.empty() ? naive.erase(entry) : std::next(entry);
    }
    const bool known = naive.contains(number);
    const auto taking = table->take(key(number), limit, now);
    if (!known && naive.size() == slots) {
      REQUIRE(taking.outcome == Outcome::table_full);
      ++full;
      continue;
    }
    auto& times = naive[number];
    REQUIRE((taking.outcome == Outcome::taken) == (times.size() < limit));
    if (taking.outcome == Outcome::taken)
      times.push_back(now);
    else
      REQUIRE(taking.time == times[times.size() - limit] + quota_window);
    REQUIRE(table->usage(key(number), limit, now).used == times.size());
  }
  CHECK(full > 1000);
}
