#include "export_command.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "connection_options.hpp"
#include "failure.hpp"
#include "file_export.hpp"
#include "json_object.hpp"
#include "output_file.hpp"
#include "output_stream.hpp"
#include "parallel_export.hpp"
#include "progress_meter.hpp"

namespace pg_takeout {

namespace {

struct ExportOptions {
  ServerAddress address;
  ExportCall call;
  std::string path = "-";
  std::string compression;
  int jobs = 1;
  bool sha256 = false;
  bool no_sync = false;
  bool unordered = false;
  bool quiet = false;
  bool json = false;
};

constexpr const char* examples = R"(Examples:
  takeout export leads -o leads.csv
  takeout export leads --since 2026-01-01 --until 2026-04-01 -o first-quarter.xlsx
  takeout export leads --columns email,city --options '{"delimiter": ";"}' -o - | head
  takeout export leads --jobs 4 -o leads.csv
  takeout export leads -d service=crm --tenant acme --sha256 -o leads.jsonl.zst

The file appears under its name when it is whole, readable by you only. How it ended is in the exit code:
  0 done   1 the server refused   2 wrong command line   3 no connection   4 not allowed
  5 over a limit or quota   6 the file could not be written)";

// leads.csv.gz: by what is before the compression's extension.
std::string format_by_name(std::string_view file_name) {
  file_name.remove_suffix(extension_of(compression_by_name(file_name)).size());
  for (const std::string_view format : {"csv", "jsonl", "json", "xlsx"})
    if (file_name.ends_with("." + std::string(format))) return std::string(format);
  return "";
}

Compression chosen_compression(const ExportOptions& options) {
  if (options.compression.empty()) return compression_by_name(options.path);
  return *compression_of(options.compression);
}

bool is_stream(const std::string& path) {
  struct stat status;
  return path == "-" || (stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode));
}

// Such as /dev/stderr, a link into /proc: a file would take the place of the link. Kernels before 5.6 do not tell.
bool is_name_of_open_file(const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_MAGICLINKS;
  const FilePlace place = place_of(path);
  const FileDescriptor file(
      static_cast<int>(syscall(SYS_openat2, place.directory.get(), place.name.c_str(), &how, sizeof how)));
  return !file.is_open() && errno == ELOOP && access(path.c_str(), F_OK) == 0;
}

// Waits for the reader of a named pipe, and open(2) would do that beyond the reach of a signal.
FileDescriptor open_device(const std::string& path, Interrupts& interrupts) {
  struct stat status {};
  const bool is_pipe = stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
  for (;;) {
    FileDescriptor device(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (device.is_open()) return device;
    if (errno != ENXIO || !is_pipe) throw system_failure(ExitCode::not_delivered, "cannot open \"" + path + "\"");
    (void)interrupts.wait(-1, 0, std::chrono::milliseconds(100));
  }
}

std::unique_ptr<Output> open_stream(const std::string& path, Interrupts& interrupts) {
  if (path == "-")
    return std::make_unique<OutputStream>(FileDescriptor(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)), "standard output",
                                          interrupts);
  return std::make_unique<OutputStream>(open_device(path, interrupts), "\"" + path + "\"", interrupts);
}

std::unique_ptr<Output> open_file(const std::string& path, bool sync, Interrupts& interrupts) {
  FilePlace place = place_of(path);
  struct stat status;
  if (fstatat(place.directory.get(), place.name.c_str(), &status, 0) == 0 && S_ISDIR(status.st_mode))
    throw Failure(ExitCode::usage, "\"" + path + "\" is a directory");
  return std::make_unique<OutputFile>(std::move(place.directory), std::move(place.name), sync,
                                      [&] { interrupts.check(); });
}

// A line as sha256sum writes and reads it.
void write_checksum(const std::string& path, const std::string& digits, bool sync, Interrupts& interrupts) {
  const std::unique_ptr<Output> output = open_file(path + ".sha256", sync, interrupts);
  output->write(digits + "  " + place_of(path).name + "\n");
  output->finish();
}

void check_jobs(const ExportOptions& options) {
  if (options.jobs == 1) return;
  const std::string& format = options.call.format;
  if (!format.empty() && format != "csv" && format != "jsonl")
    throw Failure(ExitCode::usage, "a file of format " + format + " cannot be made by several jobs", {},
                  "Use csv or jsonl, or leave --jobs out.");
  if (options.unordered)
    throw Failure(ExitCode::usage, "--jobs cuts the order into parts, and --unordered has none", {},
                  "Leave one of them out.");
}

// Beside the file, where there is room for it; else where temporary files are.
std::string spool_directory(const std::string& path) {
  if (is_stream(path)) {
    const char* directory = std::getenv("TMPDIR");
    return directory != nullptr && directory[0] != '\0' ? directory : "/tmp";
  }
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

void check(const ExportOptions& options, Compression compression) {
  refuse_password(options.address);
  check_jobs(options);
  if (!is_stream(options.path) && is_name_of_open_file(options.path))
    throw Failure(ExitCode::usage, "\"" + options.path + "\" is another name of an open file", {},
                  "Name the file itself, or redirect standard output.");
  if (options.sha256 && is_stream(options.path))
    throw Failure(ExitCode::usage, "--sha256 writes a file beside the export's, and there is none", {},
                  "Name a file with -o.");
  if (options.path.find_first_of("\n\r\\") != std::string::npos && options.sha256)
    throw Failure(ExitCode::usage, "sha256sum could not read a name with a backslash or line break");
  const bool is_binary = options.call.format == "xlsx" || compression != Compression::none;
  if (options.path == "-" && is_binary && isatty(STDOUT_FILENO) != 0)
    throw Failure(ExitCode::usage, "a terminal cannot show this file", {}, "Name a file with -o.");
}

ProgressStyle progress_style(const ExportOptions& options) {
  if (options.quiet || options.json) return ProgressStyle::none;
  if (isatty(STDERR_FILENO) == 0) return ProgressStyle::lines;
  // The file itself scrolls by.
  return options.path == "-" && isatty(STDOUT_FILENO) != 0 ? ProgressStyle::none : ProgressStyle::bar;
}

void report(const ExportOptions& options, const ExportedFile& file, double seconds) {
  JsonObject object;
  object.add("dataset", options.call.dataset).add("file", options.path).add("exported_bytes", file.exported_bytes);
  object.add("file_bytes", file.file_bytes).add_seconds("seconds", seconds);
  if (!file.sha256.empty()) object.add("sha256", file.sha256);
  std::fprintf(options.path == "-" ? stderr : stdout, "%s\n", object.text().c_str());
}

int run(ExportOptions& options) {
  if (options.path == "/dev/stdout") options.path = "-";
  const FileFrame frame{chosen_compression(options), options.sha256};
  if (options.call.format.empty()) options.call.format = format_by_name(options.path);
  options.call.ordered = !options.unordered;
  check(options, frame.compression);

  Interrupts interrupts;
  // Before the server is asked for anything, so that an export that cannot be kept does not count.
  std::unique_ptr<Output> output = is_stream(options.path) ? open_stream(options.path, interrupts)
                                                           : open_file(options.path, !options.no_sync, interrupts);
  const ConnectionParameters parameters = connection_parameters(options.address);
  Connection connection(parameters, interrupts);
  const ProgressStyle style = progress_style(options);
  // It costs the server a moment; for somebody who watches.
  const std::uint64_t expected = style == ProgressStyle::bar ? estimated_bytes(options.call, connection) : 0;
  ProgressMeter meter(style, options.call.dataset, expected);
  const auto tick = [&](std::uint64_t bytes) { meter.show(bytes); };
  const ParallelExport how{options.jobs, parameters, interrupts, spool_directory(options.path)};
  const ExportedFile file = options.jobs > 1
                                ? export_file_in_parts(options.call, connection, how, frame, std::move(output), tick)
                                : export_file(options.call, connection, frame, std::move(output), tick);
  if (options.sha256) write_checksum(options.path, file.sha256, !options.no_sync, interrupts);
  meter.finish(file.exported_bytes, options.path == "-" ? options.call.dataset : options.path);
  if (options.json) report(options, file, meter.seconds());
  return 0;
}

}  // namespace

void add_export_command(CLI::App& program, Action& action) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App& command = *program.add_subcommand("export", "Export a dataset into a file");
  command.footer(examples);
  ExportCall& call = options->call;
  command.add_option("dataset", call.dataset, "Name of the dataset, as in takeout.export()")->required();
  command.add_option("-f,--format", call.format,
                     "csv, json, jsonl or xlsx; else by the file's name, else the dataset's default");
  command.add_option("--since", call.since, "Rows from this time on, such as 2026-01-01 or '2026-01-01 06:00+02'");
  command.add_option("--until", call.until, "Rows before this time");
  command.add_option("--ids", call.ids, "Values of the first key column; may be given several times")->delimiter(',');
  command.add_option("--columns", call.columns, "Columns in the order wanted")->delimiter(',');
  command.add_option("--tenant", call.tenant, "Whose rows; needed where the role is member of several tenants");
  command.add_option("--options", call.options, "Options of the format as a JSON object");
  command.add_flag("--unordered", options->unordered, "Do not sort by time and key");
  command.add_option("-o,--output", options->path, "The file; - is standard output and the default");
  command.add_option("--compress", options->compression, "none, gzip or zstd; else by the file's name: .gz, .zst")
      ->check(CLI::IsMember({"none", "gzip", "zstd"}));
  command
      .add_option("-j,--jobs", options->jobs,
                  "Connections that export at the same time; for csv and jsonl, whose order is cut into as many parts")
      ->check(CLI::Range(1, 64));
  command.add_flag("--sha256", options->sha256, "Write FILE.sha256 beside the file, as sha256sum does");
  command.add_flag("--no-sync", options->no_sync, "Do not wait until the file is on the disk");
  command.add_flag("-q,--quiet", options->quiet, "No progress and no summary");
  command.add_flag("--json", options->json,
                   "Say as JSON what was done, on standard output, or on standard error with -o -");
  add_connection_options(command, options->address);
  command.callback([options, &action] { action = [options] { return run(*options); }; });
}

}  // namespace pg_takeout
