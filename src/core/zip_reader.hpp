// Reads back a small zip file held in memory, such as the workbook frame that libxlsxwriter writes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pg_takeout {

struct ZipMember {
  std::string name;
  std::string content;  // inflated
};

// All members in the order of the central directory. Throws Error (internal) where the file is damaged: a record out of
// bounds, an unknown method, a size or checksum that does not hold.
[[nodiscard]] std::vector<ZipMember> read_zip(std::string_view file);

}  // namespace pg_takeout
