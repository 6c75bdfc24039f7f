#include "cell_text.hpp"

namespace pg_takeout {

std::string_view cell_text(const Cell& cell, CellScratch& scratch) {
  const auto written = [&](const char* end) {
    return std::string_view(scratch, static_cast<std::size_t>(end - static_cast<const char*>(scratch)));
  };
  switch (cell.kind) {
    case CellKind::null:
    case CellKind::binary:
      break;
    case CellKind::boolean:
      return cell.integer != 0 ? "true" : "false";
    case CellKind::integer:
      return written(write_integer(scratch, cell.integer));
    case CellKind::float4:
      return written(write_float4(scratch, static_cast<float>(cell.number)));
    case CellKind::float8:
      return written(write_float8(scratch, cell.number));
    case CellKind::decimal:
    case CellKind::text:
    case CellKind::json:
      return cell.view();
    case CellKind::uuid:
      return written(write_uuid(scratch, reinterpret_cast<const unsigned char*>(cell.bytes)));
    case CellKind::date:
      return written(write_date(scratch, cell.integer));
    case CellKind::time:
      return written(write_time(scratch, cell.integer));
    case CellKind::timestamp:
      return written(write_timestamp(scratch, cell.integer, false));
    case CellKind::timestamptz:
      return written(write_timestamp(scratch, cell.integer, true));
    case CellKind::network:
      return written(write_network(scratch, cell.network()));
  }
  return {};
}

}  // namespace pg_takeout
