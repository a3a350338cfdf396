#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "data/byte_stream.h"
#include "data/tensor_header.h"
#include "tensor/tensor.h"

namespace rangefinder::data {

/// NumPy's array files, format versions 1 to 3 (NumPy Enhancement Proposal 1, `numpy.lib.format`).
///
/// Types: bool, all integers, float16/32/64, either byte order, C or Fortran order; the result is
/// row-major in the machine's own order. NumPy has no bfloat16: the two raw bytes ("V2") that
/// ml_dtypes stores for it are read and written as bfloat16. Objects, strings, complex and
/// structured arrays are refused by name, so nothing in a file is ever executed. Cost: one copy of
/// the elements. Memory is asked for only after the size was checked against the bytes that are
/// announced, and after the caller's look at the header.

/// An array that is read in two steps: what it is, then its elements.
class NpyReader {
 public:
  /// Reads the header. `stream` must outlive this; errors name `file`.
  /// Throws Error: not such a file, a header that does not parse or is longer than any NumPy
  /// writes, a type that is not allowed, fewer or more bytes announced than the shape asks for.
  NpyReader(ByteStream& stream, std::string file);

  const TensorHeader& header() const { return header_; }

  /// The elements; to be called once. Throws Error if there are fewer or more bytes than announced.
  /// Of a stream of unknown size nothing behind them is read, and memory grows as they come.
  tensor::Tensor read();

  /// Instead: the next elements in their order, as an array of this shape. The last ones meet the
  /// end. Throws Error as read() does, and of an array in Fortran order, whose parts do not stand
  /// together.
  tensor::Tensor read_part(const tensor::Shape& shape);
  /// Leaves out so many arrays of this shape, which must be there.
  void skip_parts(const tensor::Shape& shape, uint64_t count);

 private:
  tensor::Tensor read_growing();
  tensor::Tensor read_announced();
  void take(tensor::Tensor& into);
  void require_end();

  ByteStream& stream_;
  std::string file_;
  TensorHeader header_;
  bool swapped_ = false;
  bool fortran_order_ = false;
  uint64_t taken_bytes_ = 0;
};

/// The array in `bytes`. Throws Error naming `file`, as NpyReader does.
tensor::Tensor parse_npy(std::string_view bytes, const std::string& file);

/// The array in a regular file; `check`, if any, is called with its header under the name "".
tensor::Tensor read_npy(const std::filesystem::path& path, const HeaderCheck& check = {});

/// A file of version 1 (version 2 where the header needs it), C order, this machine's byte order.
/// Throws std::invalid_argument for strings and undefined types.
std::string npy_bytes(const tensor::TensorView& tensor);

/// Replaces `path` by npy_bytes(tensor), or leaves it as it was.
void write_npy(const std::filesystem::path& path, const tensor::TensorView& tensor);

}  // namespace rangefinder::data
