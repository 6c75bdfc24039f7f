// Which server to connect to, and how safely.
#pragma once

#include <map>
#include <string>

namespace pg_takeout {

// What a command line or a configuration file says; what is empty is left to libpq: its environment, its service file.
struct ServerAddress {
  std::string database;  // a name, a connection string or a URI
  std::string host;
  std::string port;
  std::string user;
};

using ConnectionParameters = std::map<std::string, std::string>;

// libpq's parameters. TLS with the server's name and certificate checked (sslmode verify-full) is the default for hosts that
// are not this machine. Throws Failure (usage) for a connection string that is not right.
[[nodiscard]] ConnectionParameters connection_parameters(const ServerAddress& address);

[[nodiscard]] bool holds_password(const ServerAddress& address);

// Throws Failure (usage) where the address holds a password: other users see a command line.
void refuse_password(const ServerAddress& address);

}  // namespace pg_takeout
