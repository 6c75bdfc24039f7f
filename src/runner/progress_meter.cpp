#include "progress_meter.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace pg_takeout {

namespace {

using std::chrono::steady_clock;

constexpr auto redraw_every = std::chrono::milliseconds(100);
constexpr auto line_every = std::chrono::seconds(10);

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds + 0.5);
  char text[48];
  if (whole < 3600) {
    std::snprintf(text, sizeof text, "%u:%02u", static_cast<unsigned>(whole / 60), static_cast<unsigned>(whole % 60));
  } else {
    std::snprintf(text, sizeof text, "%llu:%02u:%02u", static_cast<unsigned long long>(whole / 3600),
                  static_cast<unsigned>(whole / 60 % 60), static_cast<unsigned>(whole % 60));
  }
  return text;
}

std::string bar_text(double part) {
  constexpr std::size_t width = 20;
  const auto filled = static_cast<std::size_t>(part * width);
  return "[" + std::string(filled, '=') + ">" + std::string(width - 1 - filled, ' ') + "] " +
         std::to_string(static_cast<int>(part * 100)) + "%";
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr const char* units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < std::size(units); ++unit) value /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text;
}

ProgressMeter::ProgressMeter(ProgressStyle style, std::string label, std::uint64_t expected)
    : style_(style), label_(std::move(label)), expected_(expected), start_(steady_clock::now()) {
  next_ = start_ + (style == ProgressStyle::bar ? steady_clock::duration(redraw_every) : line_every);
}

ProgressMeter::~ProgressMeter() { clear(); }

double ProgressMeter::seconds() const { return std::chrono::duration<double>(steady_clock::now() - start_).count(); }

void ProgressMeter::show(std::uint64_t bytes) {
  if (style_ == ProgressStyle::none) return;
  const auto now = steady_clock::now();
  if (now < next_) return;
  if (style_ == ProgressStyle::bar) {
    next_ = now + redraw_every;
    std::fprintf(stderr, "\r\033[K%s", line(bytes).substr(0, terminal_width() - 1).c_str());
    std::fflush(stderr);
    drawn_ = true;
  } else {
    next_ = now + line_every;
    std::fprintf(stderr, "%s\n", line(bytes).c_str());
  }
}

std::string ProgressMeter::line(std::uint64_t bytes) const {
  const double rate = static_cast<double>(bytes) / std::max(seconds(), 1e-3);
  const std::string text =
      label_ + "  " + size_text(bytes) + "  " + size_text(static_cast<std::uint64_t>(rate)) + "/s  ";
  // What was expected is passed: the estimate was too low, and there is no other.
  if (bytes >= expected_) return text + duration_text(seconds());
  const double part = static_cast<double>(bytes) / static_cast<double>(expected_);
  const double left = static_cast<double>(expected_ - bytes) / std::max(rate, 1.0);
  return text + bar_text(part) + "  " + duration_text(left) + " left";
}

void ProgressMeter::finish(std::uint64_t bytes, const std::string& summary) {
  clear();
  if (style_ == ProgressStyle::none) return;
  const double rate = static_cast<double>(bytes) / std::max(seconds(), 1e-3);
  std::fprintf(stderr, "%s: %s in %.1f s, %s/s\n", summary.c_str(), size_text(bytes).c_str(), seconds(),
               size_text(static_cast<std::uint64_t>(rate)).c_str());
}

void ProgressMeter::clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace pg_takeout
