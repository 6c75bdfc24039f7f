// The order of bytes in a zip file whose entries are compressed already (PKWARE APPNOTE 6.3.9). Sizes and checksums are
// known, so local headers are complete and no data descriptors follow. ZIP64 records stand only where a number does not
// fit its 32 bits: Excel refuses a workbook that carries them elsewhere.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "deflater.hpp"
#include "xlsx_writer.hpp"

namespace pg_takeout {

class ZipLayout {
 public:
  // Every entry carries this time (UTC), as well as DOS time can say it: even seconds, years 1980 to 2107.
  explicit ZipLayout(std::time_t modified);

  // Adds a deflated entry: its bytes are `data` in order. The name is ASCII.
  void add(std::string_view name, const DeflatedPart& part, std::vector<FilePiece> data);

  // Ends the file with its central directory. Nothing may be added afterwards.
  [[nodiscard]] std::vector<FilePiece> finish();

 private:
  struct Entry {
    std::string name;
    DeflatedPart part;
    std::uint64_t offset;
  };

  void append(FilePiece piece);

  std::uint16_t dos_time_;
  std::uint16_t dos_date_;
  std::vector<Entry> entries_;
  std::vector<FilePiece> pieces_;
  std::uint64_t size_ = 0;
};

// The records themselves, apart from any file, so that sizes beyond 4 GiB can be tried.
[[nodiscard]] std::string zip_local_header(std::string_view name, const DeflatedPart& part, std::uint16_t dos_time,
                                           std::uint16_t dos_date);
[[nodiscard]] std::string zip_central_header(std::string_view name, const DeflatedPart& part, std::uint64_t offset,
                                             std::uint16_t dos_time, std::uint16_t dos_date);
[[nodiscard]] std::string zip_end_records(std::uint64_t entries, std::uint64_t directory_offset,
                                          std::uint64_t directory_size);

}  // namespace pg_takeout
