// A strict reader of RFC 4180, for the tests of the writer.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pg_takeout::test {

struct CsvField {
  std::string text;
  bool quoted = false;

  friend bool operator==(const CsvField&, const CsvField&) = default;
};

using CsvRecord = std::vector<CsvField>;

// Throws std::runtime_error for what the RFC does not allow.
class CsvReader {
 public:
  CsvReader(std::string_view file, char delimiter) : file_(file), delimiter_(delimiter) {}

  std::optional<CsvRecord> next() {
    if (at_ == file_.size()) return std::nullopt;
    CsvRecord record;
    while (true) {
      record.push_back(starts_with("\"") ? quoted_field() : bare_field());
      if (starts_with("\r\n")) {
        at_ += 2;
        return record;
      }
      if (at_ == file_.size() || file_[at_] != delimiter_) throw std::runtime_error("field ends in its middle");
      ++at_;
    }
  }

 private:
  [[nodiscard]] bool starts_with(std::string_view text) const { return file_.substr(at_).starts_with(text); }

  CsvField bare_field() {
    const std::size_t first = at_;
    while (at_ < file_.size() && file_[at_] != delimiter_ && file_[at_] != '\r' && file_[at_] != '\n') {
      if (file_[at_++] == '"') throw std::runtime_error("quote in a bare field");
    }
    return {std::string(file_.substr(first, at_ - first)), false};
  }

  CsvField quoted_field() {
    CsvField field{{}, true};
    ++at_;
    while (true) {
      if (at_ == file_.size()) throw std::runtime_error("quoted field without end");
      if (file_[at_] != '"') {
        field.text.push_back(file_[at_++]);
      } else if (starts_with("\"\"")) {
        field.text.push_back('"');
        at_ += 2;
      } else {
        ++at_;
        return field;
      }
    }
  }

  std::string_view file_;
  char delimiter_;
  std::size_t at_ = 0;
};

inline std::vector<CsvRecord> read_csv(std::string_view file, char delimiter = ',') {
  CsvReader reader(file, delimiter);
  std::vector<CsvRecord> records;
  while (auto record = reader.next()) records.push_back(std::move(*record));
  return records;
}

}  // namespace pg_takeout::test
