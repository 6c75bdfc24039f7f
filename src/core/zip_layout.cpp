#include "zip_layout.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace pg_takeout {

namespace {

constexpr std::uint32_t no_room_32 = 0xFFFFFFFF;  // APPNOTE 4.4.1.4: "look in the ZIP64 record"
constexpr std::uint16_t no_room_16 = 0xFFFF;
constexpr std::uint16_t version_deflate = 20;  // APPNOTE 4.4.3.2
constexpr std::uint16_t version_zip64 = 45;
constexpr std::uint16_t method_deflate = 8;
constexpr std::uint16_t zip64_tag = 0x0001;

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

bool fits_32(std::uint64_t value) { return value < no_room_32; }

std::uint64_t or_marker(bool zip64, std::uint64_t value) { return zip64 ? no_room_32 : value; }

bool sizes_need_zip64(const DeflatedPart& part) { return !fits_32(part.raw_size) || !fits_32(part.compressed_size); }

// What local and central header have in common: from "version needed" to "extra field length".
void put_common(std::string& out, std::string_view name, const DeflatedPart& part, bool zip64_sizes,
                std::uint16_t version, std::size_t extra_length, std::uint16_t dos_time, std::uint16_t dos_date) {
  put(out, version, 2);
  put(out, 0, 2);  // flags: sizes are in the header, the name is ASCII
  put(out, method_deflate, 2);
  put(out, dos_time, 2);
  put(out, dos_date, 2);
  put(out, part.crc, 4);
  put(out, or_marker(zip64_sizes, part.compressed_size), 4);
  put(out, or_marker(zip64_sizes, part.raw_size), 4);
  put(out, name.size(), 2);
  put(out, extra_length, 2);
}

}  // namespace

std::string zip_local_header(std::string_view name, const DeflatedPart& part, std::uint16_t dos_time,
                             std::uint16_t dos_date) {
  const bool zip64 = sizes_need_zip64(part);
  std::string out;
  put(out, 0x04034b50, 4);
  put_common(out, name, part, zip64, zip64 ? version_zip64 : version_deflate, zip64 ? 20 : 0, dos_time, dos_date);
  out += name;
  if (zip64) {  // APPNOTE 4.5.3: in a local header both sizes must be there
    put(out, zip64_tag, 2);
    put(out, 16, 2);
    put(out, part.raw_size, 8);
    put(out, part.compressed_size, 8);
  }
  return out;
}

std::string zip_central_header(std::string_view name, const DeflatedPart& part, std::uint64_t offset,
                               std::uint16_t dos_time, std::uint16_t dos_date) {
  const bool zip64_sizes = sizes_need_zip64(part);
  const bool zip64_offset = !fits_32(offset);
  std::string extra;
  if (zip64_sizes || zip64_offset) {
    put(extra, zip64_tag, 2);
    put(extra, (zip64_sizes ? 16 : 0) + (zip64_offset ? 8 : 0), 2);
    if (zip64_sizes) {
      put(extra, part.raw_size, 8);
      put(extra, part.compressed_size, 8);
    }
    if (zip64_offset) put(extra, offset, 8);
  }
  const std::uint16_t version = extra.empty() ? version_deflate : version_zip64;
  std::string out;
  put(out, 0x02014b50, 4);
  put(out, version, 2);  // made by: MS-DOS, as the attributes below are none
  put_common(out, name, part, zip64_sizes, version, extra.size(), dos_time, dos_date);
  put(out, 0, 2);  // comment length
  put(out, 0, 2);  // disk
  put(out, 0, 2);  // internal attributes
  put(out, 0, 4);  // external attributes
  put(out, or_marker(zip64_offset, offset), 4);
  out += name;
  out += extra;
  return out;
}

std::string zip_end_records(std::uint64_t entries, std::uint64_t directory_offset, std::uint64_t directory_size) {
  const bool zip64_entries = entries >= no_room_16;
  const bool zip64_size = !fits_32(directory_size);
  const bool zip64_offset = !fits_32(directory_offset);
  std::string out;
  if (zip64_entries || zip64_size || zip64_offset) {
    put(out, 0x06064b50, 4);  // APPNOTE 4.3.14
    put(out, 44, 8);          // size of what follows
    put(out, version_zip64, 2);
    put(out, version_zip64, 2);
    put(out, 0, 4);
    put(out, 0, 4);
    put(out, entries, 8);
    put(out, entries, 8);
    put(out, directory_size, 8);
    put(out, directory_offset, 8);
    put(out, 0x07064b50, 4);  // APPNOTE 4.3.15
    put(out, 0, 4);
    put(out, directory_offset + directory_size, 8);
    put(out, 1, 4);
  }
  const std::uint64_t entries_16 = zip64_entries ? no_room_16 : entries;
  put(out, 0x06054b50, 4);  // APPNOTE 4.3.16
  put(out, 0, 2);
  put(out, 0, 2);
  put(out, entries_16, 2);
  put(out, entries_16, 2);
  put(out, or_marker(zip64_size, directory_size), 4);
  put(out, or_marker(zip64_offset, directory_offset), 4);
  put(out, 0, 2);
  return out;
}

ZipLayout::ZipLayout(std::time_t modified) {
  constexpr std::int64_t first = 315532800;  // 1980-01-01
  constexpr std::int64_t last = 4354819198;  // 2107-12-31 23:59:58
  const std::int64_t seconds = std::clamp<std::int64_t>(modified, first, last);
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{seconds / 86400}}};
  const std::int64_t of_day = seconds % 86400;
  dos_date_ = static_cast<std::uint16_t>((static_cast<int>(date.year()) - 1980) << 9 |
                                         static_cast<unsigned>(date.month()) << 5 | static_cast<unsigned>(date.day()));
  dos_time_ = static_cast<std::uint16_t>(of_day / 3600 << 11 | of_day / 60 % 60 << 5 | of_day % 60 / 2);
}

void ZipLayout::append(FilePiece piece) {
  size_ += piece.spool_length == 0 ? piece.bytes.size() : piece.spool_length;
  if (piece.spool_length == 0 && !pieces_.empty() && pieces_.back().spool_length == 0) {
    pieces_.back().bytes += piece.bytes;
  } else {
    pieces_.push_back(std::move(piece));
  }
}

void ZipLayout::add(std::string_view name, const DeflatedPart& part, std::vector<FilePiece> data) {
  entries_.push_back({std::string(name), part, size_});
  append({zip_local_header(name, part, dos_time_, dos_date_)});
  for (FilePiece& piece : data) append(std::move(piece));
}

std::vector<FilePiece> ZipLayout::finish() {
  std::string directory;
  for (const Entry& entry : entries_) {
    directory += zip_central_header(entry.name, entry.part, entry.offset, dos_time_, dos_date_);
  }
  const std::uint64_t offset = size_;
  const std::uint64_t size = directory.size();
  directory += zip_end_records(entries_.size(), offset, size);
  append({std::move(directory)});
  return std::move(pieces_);
}

}  // namespace pg_takeout
