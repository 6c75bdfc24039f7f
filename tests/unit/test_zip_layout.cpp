#include "zip_layout.hpp"

#include <catch2/catch.hpp>
#include <memory_resource>
#include <string>

#include "xlsx_cells.hpp"

using namespace pg_takeout;
using namespace pg_takeout::test;

namespace {

constexpr std::uint64_t limit = 0xFFFFFFFF;

DeflatedPart part_of(std::uint64_t raw, std::uint64_t compressed) { return {raw, compressed, 0x12345678}; }

DeflatedPart deflate(Sink& out, std::string_view text) {
  Deflater deflater(std::pmr::new_delete_resource());
  deflater.start(out);
  deflater.append(text);
  return deflater.finish(Deflater::Ending::final);
}

}  // namespace

TEST_CASE("entries of bytes and of spool ranges make one file that reads back") {
  MemorySink spool;
  spool.append("not part of the file");
  const std::size_t offset = spool.text().size();
  const std::string long_text(100000, 'x');
  const DeflatedPart spooled = deflate(spool, long_text);
  MemorySink bytes;
  const DeflatedPart literal = deflate(bytes, "hello");

  ZipLayout zip(0);
  const std::string content(bytes.text());
  zip.add("first.xml", literal, {{content.substr(0, 3)}, {content.substr(3)}});
  zip.add("dir/second.xml", spooled, {{{}, offset, spooled.compressed_size}});
  zip.add("third.xml", literal, {{content}});
  const std::vector<FilePiece> pieces = zip.finish();
  CHECK(pieces.size() == 3);  // literal bytes that meet are one piece

  const auto entries = entries_of(joined(pieces, spool.text()));
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].name == "first.xml");
  CHECK(entries[0].content == "hello");
  CHECK(entries[1].name == "dir/second.xml");
  CHECK(entries[1].content == long_text);
  CHECK(entries[2].content == "hello");
}

TEST_CASE("times are DOS times, held to their range") {
  const auto time_of = [](std::time_t time) {
    ZipLayout zip(time);
    MemorySink bytes;
    const DeflatedPart part = deflate(bytes, "x");
    zip.add("x", part, {{std::string(bytes.text())}});
    const std::string file = joined(zip.finish(), {});
    return std::pair(little_endian(file, 12, 2), little_endian(file, 10, 2));
  };
  // 2024-02-29 23:59:59
  CHECK(time_of(1709251199) == std::pair<std::uint64_t, std::uint64_t>(44 << 9 | 2 << 5 | 29, 23 << 11 | 59 << 5 | 29));
  CHECK(time_of(-1) == std::pair<std::uint64_t, std::uint64_t>(1 << 5 | 1, 0));
  CHECK(time_of(9999999999) ==
        std::pair<std::uint64_t, std::uint64_t>(127 << 9 | 12 << 5 | 31, 23 << 11 | 59 << 5 | 29));
}

TEST_CASE("a local header takes ZIP64 sizes only where one does not fit") {
  const std::string plain = zip_local_header("name", part_of(limit - 1, limit - 1), 0, 0);
  CHECK(plain.size() == 34);
  CHECK(little_endian(plain, 4, 2) == 20);
  CHECK(little_endian(plain, 18, 4) == limit - 1);
  CHECK(little_endian(plain, 22, 4) == limit - 1);
  CHECK(little_endian(plain, 28, 2) == 0);

  for (const DeflatedPart& part : {part_of(limit, 5), part_of(limit + 7, 5), part_of(9, limit)}) {
    const std::string wide = zip_local_header("name", part, 0, 0);
    CHECK(wide.size() == 54);
    CHECK(little_endian(wide, 4, 2) == 45);
    CHECK(little_endian(wide, 18, 4) == limit);
    CHECK(little_endian(wide, 22, 4) == limit);
    CHECK(little_endian(wide, 28, 2) == 20);
    CHECK(little_endian(wide, 34, 2) == 1);
    CHECK(little_endian(wide, 36, 2) == 16);
    CHECK(little_endian(wide, 38, 8) == part.raw_size);
    CHECK(little_endian(wide, 46, 8) == part.compressed_size);
  }
}

TEST_CASE("a central header says in ZIP64 what does not fit, and only that") {
  const std::string plain = zip_central_header("name", part_of(3, 2), limit - 1, 0, 0);
  CHECK(plain.size() == 50);
  CHECK(little_endian(plain, 42, 4) == limit - 1);
  CHECK(little_endian(plain, 30, 2) == 0);

  const std::string far = zip_central_header("name", part_of(3, 2), limit, 0, 0);
  CHECK(far.size() == 50 + 12);
  CHECK(little_endian(far, 6, 2) == 45);
  CHECK(little_endian(far, 20, 4) == 2);
  CHECK(little_endian(far, 24, 4) == 3);
  CHECK(little_endian(far, 42, 4) == limit);
  CHECK(little_endian(far, 52, 2) == 8);
  CHECK(little_endian(far, 54, 8) == limit);

  const std::string wide = zip_central_header("name", part_of(limit + 1, limit + 2), limit + 3, 0, 0);
  CHECK(wide.size() == 50 + 28);
  CHECK(little_endian(wide, 20, 4) == limit);
  CHECK(little_endian(wide, 24, 4) == limit);
  CHECK(little_endian(wide, 54, 8) == limit + 1);
  CHECK(little_endian(wide, 62, 8) == limit + 2);
  CHECK(little_endian(wide, 70, 8) == limit + 3);
}

TEST_CASE("the end of the directory has ZIP64 records only where it needs them") {
  CHECK(zip_end_records(65534, limit - 1, limit - 1).size() == 22);
  CHECK(zip_end_records(65535, 1, 1).size() == 22 + 20 + 56);
  CHECK(zip_end_records(1, 1, limit).size() == 22 + 20 + 56);
  const std::string wide = zip_end_records(3, limit + 10, 200);
  REQUIRE(wide.size() == 22 + 20 + 56);
  CHECK(little_endian(wide, 0, 4) == 0x06064b50);
  CHECK(little_endian(wide, 24, 8) == 3);
  CHECK(little_endian(wide, 32, 8) == 3);
  CHECK(little_endian(wide, 40, 8) == 200);
  CHECK(little_endian(wide, 48, 8) == limit + 10);
  CHECK(little_endian(wide, 56, 4) == 0x07064b50);
  CHECK(little_endian(wide, 64, 8) == limit + 210);
  CHECK(little_endian(wide, 72, 4) == 1);
  CHECK(little_endian(wide, 76, 4) == 0x06054b50);
  CHECK(little_endian(wide, 76 + 8, 2) == 3);
  CHECK(little_endian(wide, 76 + 12, 4) == 200);
  CHECK(little_endian(wide, 76 + 16, 4) == limit);
}
