#include "compression.hpp"

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <vector>

#include "failure.hpp"

namespace pg_takeout {

namespace {

[[noreturn]] void fail(const char* library) {
  throw Failure(ExitCode::not_delivered, std::string("cannot compress: ") + library + " failed");
}

class GzipOutput final : public Output {
 public:
  explicit GzipOutput(std::unique_ptr<Output> next)
      : next_(std::move(next)), state_(ISAL_DEF_LVL3_DEFAULT), room_(1 << 16) {
    isal_deflate_init(&stream_);
    stream_.level = 3;
    stream_.level_buf = state_.data();
    stream_.level_buf_size = static_cast<std::uint32_t>(state_.size());
    stream_.gzip_flag = IGZIP_GZIP;
  }

  void write(std::string_view bytes) override {
    // Their field is not const, but they only read.
    stream_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<std::uint32_t>(bytes.size());
    while (stream_.avail_in > 0) deflate();
  }

  void finish() override {
    stream_.end_of_stream = 1;
    while (stream_.internal_state.state != ZSTATE_END) deflate();
    next_->finish();
  }

 private:
  void deflate() {
    stream_.next_out = room_.data();
    stream_.avail_out = static_cast<std::uint32_t>(room_.size());
    if (isal_deflate(&stream_) != COMP_OK) fail("ISA-L");
    const std::size_t size = room_.size() - stream_.avail_out;
    if (size > 0) next_->write({reinterpret_cast<const char*>(room_.data()), size});
  }

  std::unique_ptr<Output> next_;
  std::vector<std::uint8_t> state_;
  std::vector<std::uint8_t> room_;
  isal_zstream stream_{};
};

class ZstdOutput final : public Output {
 public:
  explicit ZstdOutput(std::unique_ptr<Output> next)
      : next_(std::move(next)), context_(ZSTD_createCCtx(), &ZSTD_freeCCtx), room_(ZSTD_CStreamOutSize()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }

  void write(std::string_view bytes) override {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    while (input.pos < input.size) compress(&input, ZSTD_e_continue);
  }

  void finish() override {
    ZSTD_inBuffer input{nullptr, 0, 0};
    while (compress(&input, ZSTD_e_end) != 0) continue;
    next_->finish();
  }

 private:
  std::size_t compress(ZSTD_inBuffer* input, ZSTD_EndDirective end) {
    ZSTD_outBuffer output{room_.data(), room_.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context_.get(), &output, input, end);
    if (ZSTD_isError(left) != 0) fail("zstd");
    if (output.pos > 0) next_->write({room_.data(), output.pos});
    return left;
  }

  std::unique_ptr<Output> next_;
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
  std::vector<char> room_;
};

}  // namespace

std::optional<Compression> compression_of(std::string_view name) {
  if (name == "none") return Compression::none;
  if (name == "gzip") return Compression::gzip;
  if (name == "zstd") return Compression::zstd;
  return std::nullopt;
}

std::string_view extension_of(Compression compression) {
  switch (compression) {
    case Compression::gzip:
      return ".gz";
    case Compression::zstd:
      return ".zst";
    case Compression::none:
      break;
  }
  return "";
}

Compression compression_by_name(std::string_view file_name) {
  for (const Compression compression : {Compression::gzip, Compression::zstd})
    if (file_name.ends_with(extension_of(compression))) return compression;
  return Compression::none;
}

std::unique_ptr<Output> make_compressor(Compression compression, std::unique_ptr<Output> next) {
  switch (compression) {
    case Compression::gzip:
      return std::make_unique<GzipOutput>(std::move(next));
    case Compression::zstd:
      return std::make_unique<ZstdOutput>(std::move(next));
    case Compression::none:
      break;
  }
  return next;
}

}  // namespace pg_takeout
