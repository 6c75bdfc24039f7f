// Rows of cells to a string, for the tests of the text writers.
#pragma once

#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "cell.hpp"
#include "chunk_sink.hpp"
#include "writer.hpp"

namespace pg_takeout::test {

inline std::string text_of(const ChunkSink& sink) {
  std::string text(sink.size(), '\0');
  sink.copy_range(0, text.size(), text.data());
  return text;
}

inline Cell cell_of(CellKind kind, std::string_view bytes) { return Cell::of_bytes(kind, bytes.data(), bytes.size()); }
inline Cell text_cell(std::string_view text) { return cell_of(CellKind::text, text); }
inline Cell integer_cell(std::int64_t value) { return Cell::of_integer(CellKind::integer, value); }
inline Cell network_cell(const Network& network) {
  return Cell::of_bytes(CellKind::network, reinterpret_cast<const char*>(&network), sizeof network);
}

using Rows = std::vector<std::vector<Cell>>;

// Chunks are small, so that values meet their ends.
template <class SomeWriter, class SomeOptions>
std::string write_rows(const SomeOptions& options, const std::vector<Column>& columns, const Rows& rows) {
  ChunkSink::Options sink_options;
  sink_options.first_chunk = 64;
  sink_options.largest_chunk = 512;
  ChunkSink sink(sink_options, std::pmr::new_delete_resource());
  SomeWriter writer(options, sink, std::pmr::new_delete_resource());
  writer.begin(columns);
  for (const auto& row : rows) writer.row(row);
  writer.end();
  return text_of(sink);
}

}  // namespace pg_takeout::test
