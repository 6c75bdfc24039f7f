#include "file_export.hpp"

#include "measured_output.hpp"

namespace pg_takeout {

ExportedFile export_file(const ExportCall& call, Connection& connection, const FileFrame& frame,
                         std::unique_ptr<Output> output, const std::function<void(std::uint64_t)>& tick) {
  ExportedFile file;
  output = std::make_unique<CountingOutput>(std::move(output), &file.file_bytes);
  if (frame.sha256) output = std::make_unique<HashingOutput>(std::move(output), &file.sha256);
  output = make_compressor(frame.compression, std::move(output));

  connection.copy_out(
      copy_statement(call, connection),
      [&](std::string_view bytes) {
        output->write(bytes);
        file.exported_bytes += bytes.size();
        tick(file.exported_bytes);
      },
      [&] { tick(file.exported_bytes); });
  output->finish();
  return file;
}

}  // namespace pg_takeout
