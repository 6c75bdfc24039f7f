// A cell is one value of a row on its way into a file: a kind and either a number or a view of bytes.
// Whoever fills it owns the bytes and keeps them until the writer's row() returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pg_takeout {

enum class CellKind : std::uint8_t {
  null,
  boolean,      // integer: 0 or 1
  integer,      // integer
  float4,       // number, exactly a float: shortest text that reads back as the same float
  float8,       // number
  decimal,      // bytes: the number's text as PostgreSQL prints numeric, or NaN, Infinity, -Infinity
  text,         // bytes: valid UTF-8
  uuid,         // bytes: 16, in network order
  date,         // integer: days since 2000-01-01, or date_infinity, -date_infinity
  time,         // integer: microseconds since midnight, 0 to 86,400,000,000
  timestamp,    // integer: microseconds since 2000-01-01 00:00 without a zone, or +-timestamp_infinity
  timestamptz,  // integer: the same, in UTC (or in the zone an XLSX file was asked for)
  network,      // bytes: one Network
  json,         // bytes: valid UTF-8 JSON text
  binary,       // bytes: anything; written as PostgreSQL's hex form, \x…
};

inline constexpr std::int64_t date_infinity = INT64_MAX;
inline constexpr std::int64_t timestamp_infinity = INT64_MAX;

// An IP network as PostgreSQL's inet and cidr hold it.
struct Network {
  std::uint8_t version;      // 4 or 6
  std::uint8_t prefix;       // bits of the netmask, 0 to 32 or 0 to 128
  std::uint8_t address[16];  // network order; IPv4 uses the first four
};

struct Cell {
  CellKind kind = CellKind::null;
  std::uint32_t length = 0;  // bytes; 0 where the cell points to none
  union {
    std::int64_t integer = 0;
    double number;
    const char* bytes;
  };

  [[nodiscard]] std::string_view view() const { return {bytes, length}; }
  [[nodiscard]] const Network& network() const { return *reinterpret_cast<const Network*>(bytes); }

  static Cell of_integer(CellKind kind, std::int64_t value) {
    Cell cell;
    cell.kind = kind;
    cell.integer = value;
    return cell;
  }
  static Cell of_number(CellKind kind, double value) {
    Cell cell;
    cell.kind = kind;
    cell.number = value;
    return cell;
  }
  static Cell of_bytes(CellKind kind, const char* bytes, std::size_t length) {
    Cell cell;
    cell.kind = kind;
    cell.length = static_cast<std::uint32_t>(length);
    cell.bytes = bytes;
    return cell;
  }
};

// What a writer knows of a column before the first row.
struct Column {
  std::string_view name;           // valid UTF-8
  CellKind kind = CellKind::text;  // of its cells that are not null
  bool identifier = false;         // a key: a spreadsheet must not treat its digits as a quantity
};

}  // namespace pg_takeout
