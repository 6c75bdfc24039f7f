#include "zip_reader.hpp"

#include <catch2/catch.hpp>
#include <memory_resource>
#include <random>
#include <string>

#include "error.hpp"
#include "xlsx_cells.hpp"
#include "zip_layout.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

std::string small_zip() {
  ZipLayout zip(1700000000);
  Deflater deflater(std::pmr::new_delete_resource());
  for (const char* name : {"a.xml", "b/c.xml"}) {
    MemorySink bytes;
    deflater.start(bytes);
    deflater.append(std::string("<content of ") + name + ">");
    const DeflatedPart part = deflater.finish(Deflater::Ending::final);
    zip.add(name, part, {{std::string(bytes.text())}});
  }
  return joined(zip.finish(), {});
}

bool is_refused(std::string_view file) {
  try {
    (void)read_zip(file);
    return false;
  } catch (const Error& error) {
    return error.code() == ErrorCode::internal;
  }
}

}  // namespace

TEST_CASE("members come back by name and content") {
  const auto members = read_zip(small_zip());
  REQUIRE(members.size() == 2);
  CHECK(members[0].name == "a.xml");
  CHECK(members[0].content == "<content of a.xml>");
  CHECK(members[1].name == "b/c.xml");
  CHECK(members[1].content == "<content of b/c.xml>");
}

TEST_CASE("a file cut anywhere is refused") {
  const std::string file = small_zip();
  for (std::size_t size = 0; size < file.size(); ++size) {
    INFO(size);
    CHECK(is_refused(file.substr(0, size)));
  }
}

TEST_CASE("damage to content, sizes or checksums is found") {
  const std::string file = small_zip();
  const std::size_t data = 30 + 5;
  std::string damaged = file;
  damaged[data + 3] = static_cast<char>(damaged[data + 3] ^ 0x10);
  CHECK(is_refused(damaged));
  const std::size_t directory = file.find("PK\x01\x02");
  for (const std::size_t field : {10, 16, 20, 24, 28, 42}) {
    INFO(field);
    damaged = file;
    damaged[directory + field] = static_cast<char>(damaged[directory + field] + 1);
    CHECK(is_refused(damaged));
  }
}

TEST_CASE("random damage is refused or does no harm") {
  const std::string file = small_zip();
  std::mt19937 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = file;
    for (unsigned i = 0; i <= random() % 3; ++i) damaged[random() % damaged.size()] = static_cast<char>(random());
    try {
      (void)read_zip(damaged);
    } catch (const Error&) {
    }
  }
  SUCCEED();
}
