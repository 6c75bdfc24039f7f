// Bytes that go out as they come: standard output, a pipe, a device.
#pragma once

#include <limits.h>

#include <functional>
#include <string>

#include "file_descriptor.hpp"
#include "interrupts.hpp"
#include "output.hpp"

namespace pg_takeout {

class OutputStream final : public Output {
 public:
  // name: for errors. While the reader takes nothing a signal is noticed, and `meanwhile` called each second.
  OutputStream(
      FileDescriptor descriptor, std::string name, Interrupts& interrupts, std::function<void()> meanwhile = [] {});

  void write(std::string_view bytes) override;
  void finish() override;

 private:
  bool reopen();

  FileDescriptor descriptor_;
  std::string name_;
  Interrupts& interrupts_;
  std::function<void()> meanwhile_;
  std::size_t piece_ = PIPE_BUF;  // of one write; so many bytes never wait once poll(2) says so
};

}  // namespace pg_takeout
