// How far an export is, for people, on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace pg_takeout {

enum class ProgressStyle {
  none,
  lines,  // one every ten seconds and one at the end
  bar,    // one line of a terminal, drawn anew ten times a second
};

class ProgressMeter {
 public:
  // label: what is exported. expected: bytes, by an estimate; 0 where there is none.
  ProgressMeter(ProgressStyle style, std::string label, std::uint64_t expected);
  ~ProgressMeter();  // leaves the cursor at the start of an empty line
  ProgressMeter(const ProgressMeter&) = delete;
  ProgressMeter& operator=(const ProgressMeter&) = delete;

  void show(std::uint64_t bytes);
  // The last word. summary: such as the name of the file.
  void finish(std::uint64_t bytes, const std::string& summary);

  [[nodiscard]] double seconds() const;

 private:
  [[nodiscard]] std::string line(std::uint64_t bytes) const;
  void clear();

  ProgressStyle style_;
  std::string label_;
  std::uint64_t expected_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point next_;
  bool drawn_ = false;
};

// "12.3 MB", in powers of ten.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace pg_takeout
