// The call of takeout.export_stream that an export is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connection.hpp"

namespace pg_takeout {

// What is not given is left to the server's defaults. The arguments are those of the SQL function.
struct ExportCall {
  std::string dataset;
  std::string format;
  std::vector<std::string> ids;
  std::string since;
  std::string until;
  std::vector<std::string> columns;
  std::string tenant;
  std::string options;  // a JSON object
  bool ordered = true;
};

// COPY of the stream to the client, every value a literal.
[[nodiscard]] std::string copy_statement(const ExportCall& call, const Connection& connection);

// The calls of takeout.export_parts, which begins an export of several sessions, and of takeout.export_part for one of them.
[[nodiscard]] std::string parts_statement(const ExportCall& call, int parts, const Connection& connection);
[[nodiscard]] std::string part_statement(const ExportCall& call, const std::string& part, const Connection& connection);

// Bytes that it may come to, by the server's estimate; 0 where it has none. An error of the export shows when it is made.
[[nodiscard]] std::uint64_t estimated_bytes(const ExportCall& call, Connection& connection);

}  // namespace pg_takeout
