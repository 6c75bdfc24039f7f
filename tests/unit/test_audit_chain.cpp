#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "audit_lines.hpp"

using namespace pg_takeout;

namespace {

constexpr int lines_in_file = 6;

std::string chain_of_lines(TestChain* chain) {
  AuditBody body;
  body.add_text(AuditField::dataset, "leads");
  body.add_text(AuditField::tenant, "acme");
  std::string file = chain->add("SEGMENT");
  for (int i = 2; i <= lines_in_file; ++i)
    file += chain->add(i % 2 == 0 ? "INTENT" : "COMPLETE", body, static_cast<std::uint64_t>(i / 2 * 2));
  return file;
}

// Line numbers with a finding; from a checker that knows the head before and after.
std::vector<std::uint64_t> findings(const std::string& bytes) {
  TestFile file{bytes};
  AuditLines lines(TestFile::read, &file);
  AuditChecker checker;
  std::vector<std::uint64_t> found;
  std::string_view line;
  bool first = true;
  while (lines.next(&line)) {
    if (checker.check(line, lines.whole(), first) != nullptr) found.push_back(lines.number());
    first = false;
  }
  return found;
}

AuditTail tail_of(const std::string& bytes, std::size_t block = 1 << 20) {
  TestFile file{bytes, block};
  AuditLines lines(TestFile::read, &file);
  return read_audit_tail(&lines);
}

std::uint64_t line_of_byte(const std::string& bytes, std::size_t position) {
  return 1 + static_cast<std::uint64_t>(
                 std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(position), '\n'));
}

}  // namespace

TEST_CASE("a chain as it was written has no finding") {
  TestChain chain;
  CHECK(findings(chain_of_lines(&chain)).empty());
}

TEST_CASE("each flipped bit is found, in the line that has it") {
  TestChain chain;
  const std::string bytes = chain_of_lines(&chain);
  for (std::size_t position = 0; position < bytes.size(); ++position) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[position] = static_cast<char>(flipped[position] ^ (1 << bit));
      const auto found = findings(flipped);
      CAPTURE(position, bit);
      REQUIRE_FALSE(found.empty());
      REQUIRE(found.front() == line_of_byte(bytes, position));
      // A line break in the middle makes two lines of one.
      REQUIRE(found.size() <= (flipped[position] == '\n' ? 2u : 1u));
    }
  }
}

TEST_CASE("lines that are taken away, put in twice or moved are found") {
  TestChain chain;
  const std::string bytes = chain_of_lines(&chain);
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = bytes.find('\n', at) + 1;
    lines.push_back(bytes.substr(at, end - at));
    at = end;
  }
  const auto joined = [](const std::vector<std::string>& parts) {
    std::string all;
    for (const auto& part : parts) all += part;
    return all;
  };
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    auto fewer = lines;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(findings(joined(fewer)) == std::vector<std::uint64_t>{i + 1});
    auto twice = lines;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    CHECK(findings(joined(twice)).front() == i + 2);
    auto moved = lines;
    std::swap(moved[i], moved[i + 1]);
    CHECK(findings(joined(moved)).front() == i + 1);
  }
}

TEST_CASE("lines are read through blocks of any size, long ones in parts") {
  TestChain chain;
  const std::string bytes = chain_of_lines(&chain);
  for (const std::size_t block : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, std::size_t{1} << 20}) {
    std::string many;
    for (int i = 0; i < 40; ++i) many += bytes;
    TestFile file{many + "tail", block};
    AuditLines lines(TestFile::read, &file);
    std::string read;
    std::string_view line;
    while (lines.next(&line)) {
      CHECK(lines.start() == read.size());
      read += line;
      if (lines.whole()) read += '\n';
    }
    CHECK(read == file.bytes);
    CHECK(lines.number() == 40 * lines_in_file + 1);
    CHECK(lines.end() == file.bytes.size());
  }
  TestFile file{std::string(100'000, 'x') + "\n" + bytes};
  AuditLines lines(TestFile::read, &file);
  std::string_view line;
  std::size_t length = 0;
  while (lines.next(&line) && lines.number() == 1) length += line.size();
  CHECK(length == 100'000);
}

TEST_CASE("a failed read is told from the end") {
  AuditLines lines([](void*, std::uint64_t, char*, std::size_t) -> std::ptrdiff_t { return -1; }, nullptr);
  CHECK(read_audit_tail(&lines).failed);
}

TEST_CASE("a file that a crash tore anywhere goes on behind its last whole line") {
  TestChain chain;
  const std::string bytes = chain_of_lines(&chain);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const std::string torn = bytes.substr(0, size);
    const std::size_t last_break = torn.rfind('\n');
    const std::size_t whole = last_break == std::string::npos ? 0 : last_break + 1;
    for (const std::string& ending : {std::string(), std::string(5'000, '\0'), std::string("\0\0\n\0", 4)}) {
      // A file system may have the length of a write without its bytes.
      if (!ending.empty() && size == whole && ending.size() == 4) continue;
      const AuditTail tail = tail_of(torn + ending);
      REQUIRE(tail.keep == whole);
      REQUIRE(tail.size == torn.size() + ending.size());
      REQUIRE(tail.lines == line_of_byte(bytes, whole) - 1);
      REQUIRE(tail.found == (whole > 0));
      REQUIRE_FALSE(tail.damaged);
      REQUIRE(tail.sequence == tail.lines);
    }
  }
}

TEST_CASE("the chain goes on behind a torn end without a finding") {
  TestChain chain;
  const std::string bytes = chain_of_lines(&chain);
  const AuditTail tail = tail_of(bytes.substr(0, bytes.size() - 10));
  TestChain next{tail.sequence, tail.head};
  std::string longer = bytes.substr(0, tail.keep);
  longer += next.add("RECOVERED");
  longer += next.add("INTENT");
  CHECK(findings(longer).empty());
}

TEST_CASE("a whole line that was changed is kept at the end of a file, for the check to name") {
  TestChain chain;
  std::string bytes = chain_of_lines(&chain);
  bytes[bytes.rfind("acme")] = 'b';
  const AuditTail tail = tail_of(bytes);
  CHECK(tail.damaged);
  CHECK(tail.keep == bytes.size());
  CHECK(tail.sequence == lines_in_file);
  TestChain next{tail.sequence, tail.head};
  CHECK(findings(bytes + next.add("INTENT")) == std::vector<std::uint64_t>{lines_in_file});
}
