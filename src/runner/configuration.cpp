#include "configuration.hpp"

#include <sys/stat.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "failure.hpp"
#include "server_address.hpp"

namespace pg_takeout {

namespace {

// One file being read: its name is in every complaint.
class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  [[noreturn]] void fail(const toml::source_region& place, const std::string& what) const {
    throw Failure(ExitCode::usage, path_ + ":" + std::to_string(place.begin.line) + ": " + what);
  }

  void check_keys(const toml::table& table, std::initializer_list<std::string_view> known) const {
    for (const auto& [key, value] : table)
      if (std::find(known.begin(), known.end(), key.str()) == known.end())
        fail(key.source(), "unknown key \"" + std::string(key.str()) + "\"");
  }

  // As takeout.schedules has them.
  std::string destination_name(const toml::key& key) const {
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    if (key.str().empty() || key.str().size() > 63 || key.str().find_first_not_of(letters) != std::string_view::npos)
      fail(key.source(), "the name of a destination has 1 to 63 letters, digits, _ and -");
    return std::string(key.str());
  }

  const toml::table& table(const toml::node& node, const std::string& name) const {
    const toml::table* table = node.as_table();
    if (table == nullptr) fail(node.source(), "\"" + name + "\" must be a table");
    return *table;
  }

  std::string text(const toml::table& parent, const char* key) const {
    const toml::node* node = parent.get(key);
    if (node == nullptr) return "";
    const auto value = node->value_exact<std::string>();
    if (!value || value->empty()) fail(node->source(), "\"" + std::string(key) + "\" must be a text");
    return *value;
  }

  std::vector<std::string> command(const toml::table& parent, const char* key) const {
    const toml::node* node = parent.get(key);
    if (node == nullptr) return {};
    std::vector<std::string> words;
    if (const toml::array* array = node->as_array())
      for (const toml::node& word : *array) {
        if (!word.is_string()) fail(word.source(), "\"" + std::string(key) + "\" has words in quotes only");
        words.push_back(*word.value_exact<std::string>());
      }
    if (words.empty() || words[0].empty() || words[0][0] != '/')
      fail(node->source(),
           "\"" + std::string(key) + "\" must be a list: the absolute path of a program and its arguments");
    return words;
  }

  std::chrono::seconds seconds(const toml::table& parent, const char* key, std::chrono::seconds otherwise) const {
    const toml::node* node = parent.get(key);
    if (node == nullptr) return otherwise;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 1 || *value > 86'400)
      fail(node->source(), "\"" + std::string(key) + "\" must be 1 to 86400 seconds");
    return std::chrono::seconds(*value);
  }

  Destination destination(const toml::table& table) const {
    check_keys(table, {"directory", "mode", "command", "stdout"});
    Destination result;
    result.directory = text(table, "directory");
    result.command = command(table, "command");
    const bool to_stdout = table["stdout"].value_or(false);
    if (int{!result.directory.empty()} + int{!result.command.empty()} + int{to_stdout} != 1)
      fail(table.source(), "a destination has one of directory, command and stdout = true");
    if (to_stdout) result.kind = DestinationKind::standard_output;
    if (!result.command.empty()) result.kind = DestinationKind::command;
    if (!result.directory.empty() && result.directory[0] != '/')
      fail(table.source(), "a directory is named by its absolute path");
    if (const std::string mode = text(table, "mode"); !mode.empty()) {
      char* end = nullptr;
      result.mode = static_cast<unsigned>(std::strtoul(mode.c_str(), &end, 8));
      if (*end != '\0' || result.mode > 0666 || result.directory.empty())
        fail(table.source(), "\"mode\" is that of files in a directory, in octal digits, such as \"0640\"");
    }
    return result;
  }

  ServerEntry server(const toml::table& table) const {
    check_keys(table, {"connection", "read_from"});
    ServerEntry result{text(table, "connection"), text(table, "read_from")};
    for (const std::string& address : {result.connection, result.read_from}) check_secrecy(address, table.source());
    return result;
  }

  // A password is for the eyes of the file's owner.
  void check_secrecy(const std::string& address, const toml::source_region& place) const {
    if (!holds_password({.database = address, .host = "", .port = "", .user = ""}) || is_credential()) return;
    struct stat status;
    if (stat(path_.c_str(), &status) != 0 || (status.st_mode & 077) != 0)
      fail(place, "a file with a password must be readable by its owner only (mode 0600)");
  }

 private:
  // One that systemd hands to this service alone, whose mode may be that of an access control list (systemd.exec(5)).
  [[nodiscard]] bool is_credential() const {
    const char* directory = getenv("CREDENTIALS_DIRECTORY");
    return directory != nullptr && *directory != '\0' && path_.starts_with(std::string(directory) + "/");
  }

  std::string path_;
};

toml::table parse(const std::string& path) {
  try {
    return toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    throw Failure(ExitCode::usage, path + (begin.line > 0 ? ":" + std::to_string(begin.line) : "") + ": " +
                                       std::string(error.description()));
  }
}

}  // namespace

Configuration read_configuration(const std::string& path) {
  const toml::table file = parse(path);
  const Reader reader(path);
  Configuration result;
  reader.check_keys(file, {"server", "destination", "notify", "spool", "lease", "poll"});
  result.lease = reader.seconds(file, "lease", result.lease);
  result.poll = reader.seconds(file, "poll", result.poll);
  if (const std::string spool = reader.text(file, "spool"); !spool.empty()) result.spool = spool;
  if (const toml::node* servers = file.get("server"))
    for (const auto& [name, node] : reader.table(*servers, "server"))
      result.servers[std::string(name.str())] = reader.server(reader.table(node, "server." + std::string(name.str())));
  if (const toml::node* destinations = file.get("destination"))
    for (const auto& [name, node] : reader.table(*destinations, "destination"))
      result.destinations[reader.destination_name(name)] =
          reader.destination(reader.table(node, "destination." + std::string(name.str())));
  if (const toml::node* notify = file.get("notify")) {
    const toml::table& table = reader.table(*notify, "notify");
    reader.check_keys(table, {"success", "failure"});
    result.on_success = reader.command(table, "success");
    result.on_failure = reader.command(table, "failure");
  }
  if (result.destinations.empty()) throw Failure(ExitCode::usage, path + ": there is no [destination.NAME]");
  return result;
}

std::string configuration_path(const std::string& given) {
  if (!given.empty()) return given;
  const char* path = getenv("TAKEOUT_CONFIG");
  return path != nullptr && *path != '\0' ? path : "/etc/takeout/takeout.toml";
}

}  // namespace pg_takeout
