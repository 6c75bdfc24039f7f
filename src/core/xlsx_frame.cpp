#include "xlsx_frame.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "error.hpp"
#include "zip_reader.hpp"

namespace pg_takeout {

namespace {

constexpr double least_width = 8.43;  // Excel's own default
constexpr double most_width = 60;
constexpr double filter_button = 3;  // characters it hides
// libxlsxwriter keeps each part in a temporary file while it writes it.
char temporary_directory[] = "/dev/shm";

[[noreturn]] void failed(const std::string& what) {
  throw Error(ErrorCode::internal, "workbook frame could not be built", what);
}

void require(lxw_error result, const char* step) {
  if (result != LXW_NO_ERROR) failed(std::string("libxlsxwriter, ") + step + ": " + lxw_strerror(result) + ".");
}

// A file in memory that libxlsxwriter can open by name.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("pg_takeout workbook", MFD_CLOEXEC)) {
    if (descriptor_ < 0) failed("No file in memory could be made.");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }

  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  [[nodiscard]] std::string content() const {
    const off_t size = lseek(descriptor_, 0, SEEK_END);
    if (size < 0) failed("The file in memory has no size.");
    std::string bytes(static_cast<std::size_t>(size), '\0');
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count = pread(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) failed("The file in memory could not be read.");
      done += static_cast<std::size_t>(count);
    }
    return bytes;
  }

 private:
  int descriptor_;
};

struct FreeWorkbook {
  void operator()(lxw_workbook* workbook) const { lxw_workbook_free(workbook); }
};
using Workbook = std::unique_ptr<lxw_workbook, FreeWorkbook>;

lxw_format* add_format(lxw_workbook* workbook) {
  lxw_format* format = workbook_add_format(workbook);
  if (format == nullptr) failed("libxlsxwriter gave no format.");
  return format;
}

// libxlsxwriter numbers formats in the order in which cells use them. Blank cells in the first sheet fix that order to
// the one of CellFormat; they go when the sheet is split.
constexpr std::string_view format_cells = R"(<c r="A1" s="1"/><c r="B1" s="2"/><c r="C1" s="3"/><c r="D1" s="4"/>)";

void use_formats(lxw_workbook* workbook, lxw_worksheet* sheet) {
  lxw_format* header = add_format(workbook);
  format_set_bold(header);
  const char* const number_formats[] = {"yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "hh:mm:ss"};
  lxw_col_t column = 0;
  require(worksheet_write_blank(sheet, 0, column++, header), "header format");
  for (const char* number_format : number_formats) {
    lxw_format* format = add_format(workbook);
    format_set_num_format(format, number_format);
    require(worksheet_write_blank(sheet, 0, column++, format), "number format");
  }
}

void set_widths(lxw_worksheet* sheet, const FrameSheet& frame) {
  for (std::size_t i = 0; i < frame.widths.size(); ++i) {
    const double wanted = frame.widths[i] + (frame.header ? filter_button : 1);
    const double width = std::clamp(wanted, least_width, most_width);
    const auto column = static_cast<lxw_col_t>(i);
    require(worksheet_set_column(sheet, column, column, width, nullptr), "column width");
  }
}

void add_sheet(lxw_workbook* workbook, const FrameSheet& frame, bool first) {
  lxw_worksheet* sheet = workbook_add_worksheet(workbook, frame.name.c_str());
  if (sheet == nullptr) failed("libxlsxwriter refused the sheet name \"" + frame.name + "\".");
  if (first) use_formats(workbook, sheet);
  set_widths(sheet, frame);
  if (!frame.header || frame.widths.empty()) return;
  worksheet_freeze_panes(sheet, 1, 0);
  const auto last_row = static_cast<lxw_row_t>(std::max<std::uint32_t>(frame.rows, 1) - 1);
  const auto last_column = static_cast<lxw_col_t>(frame.widths.size() - 1);
  require(worksheet_autofilter(sheet, 0, 0, last_row, last_column), "filter");
}

std::string write_workbook(std::span<const FrameSheet> sheets, std::time_t created) {
  const MemoryFile file;
  lxw_workbook_options options{};
  options.tmpdir = temporary_directory;
  Workbook workbook(workbook_new_opt(file.path().c_str(), &options));
  if (workbook == nullptr) failed("libxlsxwriter gave no workbook.");
  lxw_doc_properties properties{};
  properties.created = created;
  require(workbook_set_properties(workbook.get(), &properties), "document properties");
  for (std::size_t i = 0; i < sheets.size(); ++i) add_sheet(workbook.get(), sheets[i], i == 0);
  require(workbook_close(workbook.release()), "writing");  // frees it, whether it fails or not
  return file.content();
}

void remove_element(std::string& xml, std::string_view opening) {
  const std::size_t start = xml.find(opening);
  if (start == std::string::npos) return;
  const std::size_t end = xml.find("/>", start);
  if (end == std::string::npos) failed("A part is cut short.");
  xml.erase(start, end + 2 - start);
}

void insert_before(std::string& xml, std::string_view closing, std::string_view addition) {
  const std::size_t place = xml.rfind(closing);
  if (place == std::string::npos) failed("A part is cut short.");
  xml.insert(place, addition);
}

// A full disk may have cut a part of libxlsxwriter's without an error: then its root element is not closed.
void require_whole(const ZipMember& member) {
  const std::string_view xml = member.content;
  const std::size_t end = xml.find_last_not_of('\n');
  const std::size_t last = xml.rfind("</");
  const bool closed = end != std::string_view::npos && xml[end] == '>' && last != std::string_view::npos &&
                      xml.find('<', last + 1) == std::string_view::npos &&
                      xml.find("<" + std::string(xml.substr(last + 2, end - last - 2)), 0) < last;
  if (!closed) failed("Its part " + member.name + " is cut short.");
}

void split_sheet(FramePart& part, bool first) {
  std::string& xml = part.content;
  remove_element(xml, "<dimension ");
  const std::size_t empty = xml.find("<sheetData/>");
  if (empty != std::string::npos && !first) {
    part.rest = "</sheetData>" + xml.substr(empty + 12);
    xml.resize(empty);
    xml += "<sheetData>";
    return;
  }
  const std::size_t open = xml.find("<sheetData>");
  const std::size_t close = xml.find("</sheetData>");
  if (open == std::string::npos || close == std::string::npos) failed("A sheet has no place for rows.");
  if (std::string_view(xml).substr(open, close - open).find(format_cells) == std::string_view::npos) {
    failed("Its cell formats have other numbers than expected.");
  }
  part.rest = xml.substr(close);
  xml.resize(open + 11);
}

void announce_shared_strings(FramePart& part) {
  if (part.name == "[Content_Types].xml") {
    insert_before(part.content, "</Types>",
                  "<Override PartName=\"/xl/sharedStrings.xml\" ContentType=\"application/"
                  "vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml\"/>");
  } else if (part.name == "xl/_rels/workbook.xml.rels") {
    insert_before(part.content, "</Relationships>",
                  "<Relationship Id=\"rIdSharedStrings\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/"
                  "relationships/sharedStrings\" Target=\"sharedStrings.xml\"/>");
  }
}

// The number in xl/worksheets/sheet12.xml, from zero.
std::size_t sheet_index(std::string_view name, std::size_t sheets) {
  constexpr std::string_view start = "xl/worksheets/sheet";
  if (!name.starts_with(start)) return no_sheet;
  std::size_t number = 0;
  for (const char c : name.substr(start.size())) {
    if (c < '0' || c > '9') break;
    number = number * 10 + static_cast<std::size_t>(c - '0');
  }
  if (number == 0 || number > sheets) failed("It has a sheet too many.");
  return number - 1;
}

}  // namespace

std::vector<FramePart> build_frame(std::span<const FrameSheet> sheets, std::time_t created, bool shared_strings) {
  std::vector<FramePart> parts;
  std::size_t found = 0;
  for (ZipMember& member : read_zip(write_workbook(sheets, created))) {
    require_whole(member);
    FramePart part{std::move(member.name), std::move(member.content), {}, no_sheet};
    part.sheet = sheet_index(part.name, sheets.size());
    if (part.sheet != no_sheet) {
      split_sheet(part, part.sheet == 0);
      ++found;
    }
    if (shared_strings) announce_shared_strings(part);
    parts.push_back(std::move(part));
  }
  if (found != sheets.size()) failed("A sheet is missing.");
  const auto types = std::find_if(parts.begin(), parts.end(),
                                  [](const FramePart& part) { return part.name == "[Content_Types].xml"; });
  if (types == parts.end()) failed("It has no content types.");
  std::rotate(parts.begin(), types, types + 1);
  return parts;
}

}  // namespace pg_takeout
