#include "zip_reader.hpp"

#include <zlib.h>

#include <cstdint>

#include "error.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t max_member_size = 64 * 1024 * 1024;  // bytes inflated: far beyond any frame

[[noreturn]] void damaged(const char* what) {
  throw Error(ErrorCode::internal, "zip file cannot be read back", std::string("It has ") + what + ".");
}

std::uint32_t number(std::string_view file, std::size_t offset, int bytes) {
  if (offset > file.size() || file.size() - offset < static_cast<std::size_t>(bytes)) damaged("a record out of bounds");
  std::uint32_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(file[offset + i]);
  return value;
}

std::string_view range(std::string_view file, std::size_t offset, std::size_t size) {
  if (offset > file.size() || file.size() - offset < size) damaged("a record out of bounds");
  return file.substr(offset, size);
}

void require(bool holds, const char* what) {
  if (!holds) damaged(what);
}

std::string inflate_member(std::string_view compressed, std::size_t size) {
  std::string content(size, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(content.data());
  stream.avail_out = static_cast<uInt>(size);
  require(inflateInit2(&stream, -MAX_WBITS) == Z_OK, "no memory to be inflated in");
  const int result = inflate(&stream, Z_FINISH);
  const bool whole = stream.total_out == size && stream.avail_in == 0;
  inflateEnd(&stream);
  require(result == Z_STREAM_END && whole, "a member that cannot be inflated");
  return content;
}

ZipMember read_member(std::string_view file, std::size_t header) {
  const std::uint32_t method = number(file, header + 10, 2);
  const std::uint32_t crc = number(file, header + 16, 4);
  const std::uint32_t compressed_size = number(file, header + 20, 4);
  const std::uint32_t size = number(file, header + 24, 4);
  const std::uint32_t name_length = number(file, header + 28, 2);
  const std::uint32_t local = number(file, header + 42, 4);
  require(size <= max_member_size, "a member that is too large");
  require(number(file, local, 4) == 0x04034b50, "no local header where its directory says");
  const std::size_t data = local + std::size_t{30} + number(file, local + 26, 2) + number(file, local + 28, 2);
  const std::string_view compressed = range(file, data, compressed_size);

  ZipMember member;
  member.name = range(file, header + 46, name_length);
  if (method == 0) {
    require(size == compressed_size, "a stored member of two sizes");
    member.content = compressed;
  } else {
    require(method == 8, "an unknown compression method");
    member.content = inflate_member(compressed, size);
  }
  const auto* bytes = reinterpret_cast<const Bytef*>(member.content.data());
  require(crc32(0, bytes, static_cast<uInt>(member.content.size())) == crc, "a wrong checksum");
  return member;
}

}  // namespace

std::vector<ZipMember> read_zip(std::string_view file) {
  constexpr std::size_t end_record_size = 22;
  const std::size_t end = file.rfind("PK\x05\x06");
  require(end != std::string_view::npos && file.size() - end >= end_record_size, "no end record");
  const std::uint32_t entries = number(file, end + 10, 2);
  std::size_t header = number(file, end + 16, 4);
  std::vector<ZipMember> members;
  for (std::uint32_t i = 0; i < entries; ++i) {
    require(number(file, header, 4) == 0x02014b50, "a broken central directory");
    members.push_back(read_member(file, header));
    header +=
        std::size_t{46} + number(file, header + 28, 2) + number(file, header + 30, 2) + number(file, header + 32, 2);
  }
  return members;
}

}  // namespace pg_takeout
