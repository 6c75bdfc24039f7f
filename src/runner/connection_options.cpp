#include "connection_options.hpp"

namespace pg_takeout {

void add_connection_options(CLI::App& command, ServerAddress& address) {
  constexpr const char* group = "Connection";
  command
      .add_option("-d,--dbname", address.database,
                  "Database, or a connection string or URI such as 'service=crm' or postgresql://db.example.com/crm")
      ->group(group);
  command.add_option("-h,--host", address.host, "Host name, or directory of the socket")->group(group);
  command.add_option("-p,--port", address.port, "Port")->group(group);
  command.add_option("-U,--username", address.user, "Role")->group(group);
}

}  // namespace pg_takeout
