// Reads cells back out of a workbook, for tests: parts by zlib, cells by a scan that knows the XML that two writers make.
#pragma once

#include <zlib.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "sink.hpp"
#include "xlsx_writer.hpp"
#include "zip_reader.hpp"

namespace pg_takeout::test {

// A spool that stays in memory.
class MemorySink final : public Sink {
 public:
  [[nodiscard]] std::string_view text() const {
    return {bytes_.data(), position_ == nullptr ? 0 : static_cast<std::size_t>(position_ - bytes_.data())};
  }

 private:
  void make_room(std::size_t size) override {
    const std::size_t used = text().size();
    bytes_.resize(2 * used + size + 1000);
    position_ = bytes_.data() + used;
    limit_ = bytes_.data() + bytes_.size();
  }

  std::string bytes_;
};

inline std::string joined(const std::vector<FilePiece>& pieces, std::string_view spool) {
  std::string file;
  for (const FilePiece& piece : pieces) {
    if (piece.spool_length == 0) {
      file += piece.bytes;
    } else {
      REQUIRE(piece.spool_offset + piece.spool_length <= spool.size());
      file += spool.substr(piece.spool_offset, piece.spool_length);
    }
  }
  return file;
}

inline std::uint64_t little_endian(std::string_view bytes, std::size_t offset, int size) {
  REQUIRE(offset + static_cast<std::size_t>(size) <= bytes.size());
  std::uint64_t value = 0;
  for (int i = size - 1; i >= 0; --i) {
    value = value << 8 | static_cast<unsigned char>(bytes[offset + static_cast<std::size_t>(i)]);
  }
  return value;
}

inline std::string inflated(std::string_view deflated, std::size_t size) {
  std::string text(size, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(deflated.data()));
  stream.avail_in = static_cast<uInt>(deflated.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(size);
  REQUIRE(inflateInit2(&stream, -15) == Z_OK);
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.total_out == size);
  CHECK(stream.avail_in == 0);
  inflateEnd(&stream);
  return text;
}

inline std::uint32_t crc_of(std::string_view text) {
  return static_cast<std::uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

struct ZipEntry {
  std::string name;
  std::string content;
};

// Walks the local headers from the start of the file, as a streaming reader does, and holds the directory to them.
inline std::vector<ZipEntry> entries_of(std::string_view file) {
  std::vector<ZipEntry> entries;
  std::vector<std::size_t> offsets;
  std::size_t at = 0;
  while (little_endian(file, at, 4) == 0x04034b50) {
    offsets.push_back(at);
    CHECK(little_endian(file, at + 4, 2) == 20);
    CHECK(little_endian(file, at + 6, 2) == 0);
    CHECK(little_endian(file, at + 8, 2) == 8);
    const std::size_t compressed = little_endian(file, at + 18, 4);
    const std::size_t size = little_endian(file, at + 22, 4);
    const std::size_t name = little_endian(file, at + 26, 2);
    CHECK(little_endian(file, at + 28, 2) == 0);
    ZipEntry entry{std::string(file.substr(at + 30, name)), inflated(file.substr(at + 30 + name, compressed), size)};
    CHECK(crc_of(entry.content) == little_endian(file, at + 14, 4));
    entries.push_back(std::move(entry));
    at += 30 + name + compressed;
  }
  const std::size_t directory = at;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    REQUIRE(little_endian(file, at, 4) == 0x02014b50);
    const std::size_t name = little_endian(file, at + 28, 2);
    CHECK(file.substr(at + 46, name) == entries[i].name);
    CHECK(little_endian(file, at + 42, 4) == offsets[i]);
    CHECK(file.substr(at + 6, 24) == file.substr(offsets[i] + 4, 24));  // version needed to length of the name
    at += 46 + name;
  }
  REQUIRE(little_endian(file, at, 4) == 0x06054b50);
  CHECK(little_endian(file, at + 8, 2) == entries.size());
  CHECK(little_endian(file, at + 10, 2) == entries.size());
  CHECK(little_endian(file, at + 12, 4) == at - directory);
  CHECK(little_endian(file, at + 16, 4) == directory);
  CHECK(file.size() == at + 22);
  return entries;
}

// What stands between `open` and `close` behind `at`, which moves behind it; npos when there is none.
inline std::string_view between(std::string_view xml, std::size_t& at, std::string_view open, std::string_view close) {
  at = xml.find(open, at);
  if (at == std::string_view::npos) return {};
  const std::size_t start = at + open.size();
  const std::size_t end = xml.find(close, start);
  REQUIRE(end != std::string_view::npos);
  at = end + close.size();
  return xml.substr(start, end - start);
}

inline std::string attribute(std::string_view tag, std::string_view name) {
  std::size_t at = 0;
  return std::string(between(tag, at, " " + std::string(name) + "=\"", "\""));
}

// Undoes XML's escapes, then _xHHHH_ of one-byte characters and of U+FFFE and U+FFFF.
inline std::string unescaped(std::string_view xml) {
  std::string text(xml);
  const auto replace = [&text](std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  };
  replace("&lt;", "<");
  replace("&gt;", ">");
  replace("&quot;", "\"");
  replace("&amp;", "&");
  for (std::size_t at = 0; (at = text.find("_x", at)) != std::string::npos; ++at) {
    if (at + 7 > text.size() || text[at + 6] != '_') continue;
    const std::string digits = text.substr(at + 2, 4);
    if (digits.find_first_not_of("0123456789ABCDEFabcdef") != std::string::npos) continue;
    const unsigned code = static_cast<unsigned>(std::stoul(digits, nullptr, 16));
    if (code == 0xFFFE || code == 0xFFFF) {
      text.replace(at, 7, code == 0xFFFE ? "\xEF\xBF\xBE" : "\xEF\xBF\xBF");
    } else if (code < 0x80) {
      text.replace(at, 7, std::string(1, static_cast<char>(code)));
    }
  }
  return text;
}

struct ReadCell {
  std::string type;   // n, b, text
  std::string value;  // as written; text without escapes
  std::string style;

  bool operator==(const ReadCell&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const ReadCell& cell) {
  return out << cell.type << ":" << cell.value << ":" << cell.style;
}

using ReadSheet = std::map<std::string, ReadCell>;  // by reference, such as B7

class ReadWorkbook {
 public:
  explicit ReadWorkbook(std::string_view file) : ReadWorkbook(entries_of(file)) {}

  // Of a zip whose layout is not ours.
  static ReadWorkbook of_any_zip(std::string_view file) {
    std::vector<ZipEntry> entries;
    for (ZipMember& member : read_zip(file)) entries.push_back({std::move(member.name), std::move(member.content)});
    return ReadWorkbook(std::move(entries));
  }

  explicit ReadWorkbook(std::vector<ZipEntry> entries) {
    for (ZipEntry& entry : entries) {
      names_.push_back(entry.name);
      parts_[entry.name] = std::move(entry.content);
    }
    const std::string& shared = parts_["xl/sharedStrings.xml"];
    for (std::size_t at = 0; at != std::string::npos;) {
      const std::string_view item = between(shared, at, "<si><t", "</t></si>");
      if (at != std::string::npos) strings_.push_back(unescaped(item.substr(item.find('>') + 1)));
    }
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::vector<std::string>& strings() const { return strings_; }
  [[nodiscard]] bool has(const std::string& name) const { return parts_.contains(name) && !parts_.at(name).empty(); }
  [[nodiscard]] const std::string& part(const std::string& name) const { return parts_.at(name); }
  [[nodiscard]] const std::string& sheet_xml(int number) const {
    return parts_.at("xl/worksheets/sheet" + std::to_string(number) + ".xml");
  }

  [[nodiscard]] ReadSheet sheet(int number) const {
    ReadSheet cells;
    const std::string& xml = sheet_xml(number);
    std::size_t at = xml.find("<sheetData>");
    while (at != std::string::npos && (at = xml.find("<c ", at)) != std::string::npos) {
      const std::size_t tag_end = xml.find('>', at);
      const std::string tag = xml.substr(at, tag_end - at + 1);
      at = tag_end;
      if (tag.ends_with("/>")) continue;  // a format without a value
      const std::size_t end = xml.find("</c>", at);
      const std::string_view body = std::string_view(xml).substr(tag_end + 1, end - tag_end - 1);
      cells[attribute(tag, "r")] = read_cell(attribute(tag, "t"), attribute(tag, "s"), body);
      at = end;
    }
    return cells;
  }

 private:
  [[nodiscard]] ReadCell read_cell(const std::string& type, const std::string& style, std::string_view body) const {
    if (type == "inlineStr") {
      const std::size_t start = body.find('>', body.find("<t")) + 1;
      return {"text", unescaped(body.substr(start, body.rfind("</t>") - start)), style};
    }
    std::size_t at = 0;
    const std::string value(between(body, at, "<v>", "</v>"));
    if (type == "s") return {"text", strings_.at(std::stoul(value)), style};
    return {type.empty() ? "n" : type, value, style};
  }

  std::vector<std::string> names_;
  std::map<std::string, std::string> parts_;
  std::vector<std::string> strings_;
};

}  // namespace pg_takeout::test
