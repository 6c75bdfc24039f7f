// gzip (RFC 1952) and Zstandard (RFC 8878) on the way to another output.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "output.hpp"

namespace pg_takeout {

enum class Compression { none, gzip, zstd };

// "none", "gzip", "zstd".
[[nodiscard]] std::optional<Compression> compression_of(std::string_view name);
// ".gz", ".zst" or nothing.
[[nodiscard]] std::string_view extension_of(Compression compression);
// By the end of a file's name.
[[nodiscard]] Compression compression_by_name(std::string_view file_name);

// The same bytes in give the same bytes out on one build and class of processor: no time and no name go into the file.
[[nodiscard]] std::unique_ptr<Output> make_compressor(Compression compression, std::unique_ptr<Output> next);

}  // namespace pg_takeout
