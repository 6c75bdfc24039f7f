// Bytes that go out as they come: standard output, a pipe, a device.
#pragma once

#include <limits.h>

#include <string>

#include "file_descriptor.hpp"
#include "interrupts.hpp"
#include "output.hpp"

namespace pg_takeout {

class OutputStream final : public Output {
 public:
  // name: for errors. A signal is noticed also while the reader takes nothing.
  OutputStream(FileDescriptor descriptor, std::string name, Interrupts& interrupts);

  void write(std::string_view bytes) override;
  void finish() override;

 private:
  bool reopen();

  FileDescriptor descriptor_;
  std::string name_;
  Interrupts& interrupts_;
  std::size_t piece_ = PIPE_BUF;  // of one write; so many bytes never wait once poll(2) says so
};

}  // namespace pg_takeout
