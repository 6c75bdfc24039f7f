#include "server_address.hpp"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

#include "failure.hpp"

namespace pg_takeout {

namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

bool is_connection_string(const std::string& text) {
  return text.find('=') != std::string::npos || text.starts_with("postgresql://") || text.starts_with("postgres://");
}

ConnectionParameters parse_connection_string(const std::string& text) {
  char* message = nullptr;
  const Options options(PQconninfoParse(text.c_str(), &message), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(message, &PQfreemem);
  if (options == nullptr) {
    // libpq's message may quote the string, and with it a password: then only what it says before that.
    const bool may_have_password = text.find("pass") != std::string::npos || text.find("://") != std::string::npos;
    std::string reason = message != nullptr ? message : "out of memory";
    reason.resize(std::min(reason.find_first_of(may_have_password ? "\"\n" : "\n"), reason.size()));
    throw Failure(ExitCode::usage, "invalid connection string: " + reason);
  }
  ConnectionParameters parameters;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr) parameters[option->keyword] = option->val;
  return parameters;
}

ConnectionParameters given_parameters(const ServerAddress& address) {
  ConnectionParameters parameters;
  if (is_connection_string(address.database)) {
    parameters = parse_connection_string(address.database);
  } else if (!address.database.empty()) {
    parameters["dbname"] = address.database;
  }
  if (!address.host.empty()) parameters["host"] = address.host;
  if (!address.port.empty()) parameters["port"] = address.port;
  if (!address.user.empty()) parameters["user"] = address.user;
  return parameters;
}

// What libpq takes for parameters that are not given: from the environment and the service file.
ConnectionParameters default_parameters(const ConnectionParameters& given) {
  // PQconndefaults() reads the service that the environment names only.
  const char* variable = getenv("PGSERVICE");
  const std::optional<std::string> before = variable != nullptr ? std::optional<std::string>(variable) : std::nullopt;
  if (const auto service = given.find("service"); service != given.end())
    setenv("PGSERVICE", service->second.c_str(), 1);
  ConnectionParameters parameters;
  const Options options(PQconndefaults(), &PQconninfoFree);
  before ? setenv("PGSERVICE", before->c_str(), 1) : unsetenv("PGSERVICE");
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option)
    if (option->val != nullptr) parameters[option->keyword] = option->val;
  return parameters;
}

bool is_this_machine(const std::string& host) {
  in_addr address{};
  return host.empty() || host[0] == '/' || host[0] == '@' || host == "localhost" || host == "::1" ||
         (host.starts_with("127.") && inet_pton(AF_INET, host.c_str(), &address) == 1);
}

// A list of hosts is as far away as its farthest.
bool are_this_machine(const std::string& hosts) {
  for (std::size_t begin = 0; begin <= hosts.size();) {
    const std::size_t end = std::min(hosts.find(',', begin), hosts.size());
    if (!is_this_machine(hosts.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

// The certificates of the system, where the user has none of their own for PostgreSQL. libpq 16 and later have a name for that.
std::string system_certificates() {
  if (PQlibVersion() >= 160000) return "system";
  const char* const file = "/etc/ssl/certs/ca-certificates.crt";
  return access(file, R_OK) == 0 ? file : "";
}

bool has_own_certificates() {
  const char* home = getenv("HOME");
  return home != nullptr && access((std::string(home) + "/.postgresql/root.crt").c_str(), F_OK) == 0;
}

void choose_tls(ConnectionParameters& given, const ConnectionParameters& defaults) {
  const auto effective = [&](const char* keyword) {
    if (const auto found = given.find(keyword); found != given.end()) return found->second;
    const auto found = defaults.find(keyword);
    return found != defaults.end() ? found->second : std::string();
  };
  const bool chosen = given.contains("sslmode") || getenv("PGSSLMODE") != nullptr || effective("sslmode") != "prefer";
  if (chosen) return;
  // With a name and an address both, such as at the near end of a tunnel, the name says whom to trust.
  if (are_this_machine(effective("hostaddr")) && are_this_machine(effective("host"))) return;
  given["sslmode"] = "verify-full";
  if (effective("sslrootcert").empty() && !has_own_certificates()) {
    const std::string certificates = system_certificates();
    if (!certificates.empty()) given["sslrootcert"] = certificates;
  }
}

}  // namespace

ConnectionParameters connection_parameters(const ServerAddress& address) {
  ConnectionParameters parameters = given_parameters(address);
  const ConnectionParameters defaults = default_parameters(parameters);
  choose_tls(parameters, defaults);
  parameters.try_emplace("fallback_application_name", "takeout");
  parameters.try_emplace("client_encoding", "UTF8");
  // A server that is gone without a word is noticed within half a minute.
  for (const auto& [keyword, value] : ConnectionParameters{{"connect_timeout", "15"},
                                                           {"keepalives_idle", "10"},
                                                           {"keepalives_interval", "5"},
                                                           {"keepalives_count", "3"},
                                                           {"tcp_user_timeout", "25000"}})
    if (!defaults.contains(keyword)) parameters.try_emplace(keyword, value);
  return parameters;
}

bool holds_password(const ServerAddress& address) {
  const ConnectionParameters parameters = given_parameters(address);
  return parameters.contains("password") || parameters.contains("sslpassword");
}

void refuse_password(const ServerAddress& address) {
  if (holds_password(address))
    throw Failure(ExitCode::usage, "a password does not belong on the command line",
                  "Other users of this machine can read it there.",
                  "Use a password file (~/.pgpass), a service file or the environment variable PGPASSWORD.");
}

}  // namespace pg_takeout
