#include "data/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/content_advice.h"
#include "base/error.h"
#include "base/file.h"

namespace rangefinder::data {
namespace {

using tensor::ElementType;
using tensor::Shape;
using tensor::Tensor;

constexpr std::string_view kMagic("\x93NUMPY", 6);
/// NumPy 2 allows 64 dimensions; more is a damaged header.
constexpr size_t kMaxRank = 64;
/// Far more than 64 dimensions need; NumPy itself refuses to read more than 10 000 bytes.
constexpr size_t kMaxHeaderSize = size_t{1} << 16;
/// Data starts at a multiple of this many bytes, as NumPy writes it.
constexpr size_t kAlignment = 64;

/// Kind and size of an element as NumPy spells them, without the byte order.
struct TypeCode {
  std::string_view code;
  ElementType type;
};
constexpr TypeCode kTypeCodes[] = {
    {"b1", ElementType::kBool},    {"i1", ElementType::kInt8},    {"i2", ElementType::kInt16},
    {"i4", ElementType::kInt32},   {"i8", ElementType::kInt64},   {"u1", ElementType::kUint8},
    {"u2", ElementType::kUint16},  {"u4", ElementType::kUint32},  {"u8", ElementType::kUint64},
    {"f2", ElementType::kFloat16}, {"f4", ElementType::kFloat32}, {"f8", ElementType::kFloat64},
    {"V2", ElementType::kBfloat16}};

struct Header {
  ElementType type = ElementType::kUndefined;
  bool swapped = false;
  bool fortran_order = false;
  Shape shape;
};

/// The header's text, and how many bytes stand up to its end.
struct HeaderText {
  std::string text;
  uint64_t end = 0;
};

size_t little_endian(std::string_view bytes) {
  size_t value = 0;
  for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

/// The next bytes, fewer at the end.
std::string take(ByteStream& stream, size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(stream.read(std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

HeaderText read_header(ByteStream& stream, const std::string& file) {
  const auto fail = [&](const std::string& why) { throw Error(why, {.file = file}); };
  std::string prefix = take(stream, kMagic.size() + 2);
  if (!prefix.starts_with(kMagic.substr(0, std::min(prefix.size(), kMagic.size()))) ||
      prefix.empty()) {
    const std::string advice = content_advice(prefix += take(stream, kAdviceSize));
    fail(advice.empty() ? "not a .npy file (it does not begin with \\x93NUMPY)"
                        : "not a .npy file but " + advice);
  }
  if (prefix.size() < kMagic.size() + 2) fail("truncated .npy file: the format version is missing");
  const int version = static_cast<uint8_t>(prefix[kMagic.size()]);
  if (version < 1 || version > 3) {
    fail(fmt::format(".npy format version {}, versions 1 to 3 are allowed", version));
  }
  const size_t length_size = version == 1 ? 2 : 4;
  const std::string length_bytes = take(stream, length_size);
  if (length_bytes.size() < length_size)
    fail("truncated .npy file: the header's length is missing");
  const size_t length = little_endian(length_bytes);
  if (length > kMaxHeaderSize) {
    fail(fmt::format("bad .npy header: {} bytes are announced, at most {} are allowed", length,
                     kMaxHeaderSize));
  }
  HeaderText header{take(stream, length), prefix.size() + length_size + length};
  if (header.text.size() < length) {
    fail(fmt::format("truncated .npy file: a header of {} bytes is announced, {} bytes are left",
                     length, header.text.size()));
  }
  return header;
}

/// Reads the header: a Python dict literal with the keys descr, fortran_order and shape. Only what
/// NumPy writes is understood; everything else is an error that says what was expected and where.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      parse_entry();
      if (!accept(',') && peek() != '}') fail("',' or '}'");
    }
    skip_space();
    if (at_ != text_.size()) fail("nothing after '}'");
    for (size_t i = 0; i < kKeys.size(); ++i) {
      if (!seen_[i])
        throw Error(fmt::format("bad .npy header: no '{}'", kKeys[i]), {.file = file_});
    }
    return header_;
  }

 private:
  static constexpr std::array<std::string_view, 3> kKeys = {"descr", "fortran_order", "shape"};

  [[noreturn]] void fail(std::string_view expected) const {
    throw Error(fmt::format("bad .npy header: {} expected at byte {}", expected, at_),
                {.file = file_});
  }

  void skip_space() {
    while (at_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[at_]) != std::string::npos) {
      ++at_;
    }
  }

  /// The next character that is not space, '\0' at the end.
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool accept(char wanted) {
    if (peek() != wanted || at_ == text_.size()) return false;
    ++at_;
    return true;
  }

  void expect(char wanted) {
    if (!accept(wanted)) fail(fmt::format("'{}'", wanted));
  }

  std::string_view parse_string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a quoted string");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a closing quote");
    const std::string_view result = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return result;
  }

  void parse_entry() {
    const std::string_view name = parse_string();
    const auto key = static_cast<size_t>(std::ranges::find(kKeys, name) - kKeys.begin());
    if (key == kKeys.size() || seen_[key]) fail("one each of descr, fortran_order and shape");
    seen_[key] = true;
    expect(':');
    if (key == 0) parse_type();
    if (key == 1) header_.fortran_order = parse_bool();
    if (key == 2) header_.shape = parse_shape();
  }

  void parse_type() {
    if (peek() == '[') {
      throw Error("structured .npy arrays are not supported, plain numbers are", {.file = file_});
    }
    const std::string_view descr = parse_string();
    const char order = descr.empty() ? '\0' : descr[0];
    const bool has_order = std::string_view("<>|=").find(order) != std::string_view::npos;
    const std::string_view code = descr.substr(has_order ? 1 : 0);
    const auto* found = std::ranges::find(kTypeCodes, code, &TypeCode::code);
    if (found == std::end(kTypeCodes)) fail_type(descr, code);
    header_.type = found->type;
    const char foreign = std::endian::native == std::endian::little ? '>' : '<';
    header_.swapped = order == foreign && tensor::element_size(found->type) > 1;
  }

  [[noreturn]] void fail_type(std::string_view descr, std::string_view code) const {
    std::string_view kind = "elements";
    switch (code.empty() ? '\0' : code[0]) {
      case 'O':
        kind = "Python objects";
        break;
      case 'S':
      case 'U':
      case 'a':
        kind = "strings";
        break;
      case 'c':
        kind = "complex numbers";
        break;
      case 'M':
      case 'm':
        kind = "dates";
        break;
      default:
        break;
    }
    throw Error(fmt::format("holds {} of type '{}'; bool, int8-64, uint8-64, float16, float32, "
                            "float64 and bfloat16 (V2) are allowed",
                            kind, descr),
                {.file = file_});
  }

  bool parse_bool() {
    skip_space();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    fail("True or False");
  }

  Shape parse_shape() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      if (shape.size() == kMaxRank) fail("at most 64 dimensions");
      shape.push_back(parse_dimension());
      if (!accept(',') && peek() != ')') fail("',' or ')'");
    }
    return shape;
  }

  int64_t parse_dimension() {
    skip_space();
    int64_t value = -1;
    const char* const begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) fail("a dimension of 0 or more");
    at_ += static_cast<size_t>(end - begin);
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long integers so.
    return value;
  }

  std::string_view text_;
  const std::string& file_;
  size_t at_ = 0;
  std::array<bool, 3> seen_ = {};
  Header header_;
};

/// Of the elements. Throws Error if there are more than can be.
int64_t needed_bytes(const TensorHeader& header, const std::string& file) {
  int64_t product = static_cast<int64_t>(tensor::element_size(header.type));
  for (const int64_t dimension : header.shape) {
    if (__builtin_mul_overflow(product, std::max<int64_t>(dimension, 1), &product)) {
      throw Error(fmt::format("bad .npy header: {} {} is too large",
                              tensor::element_name(header.type), tensor::to_string(header.shape)),
                  {.file = file});
    }
  }
  return std::ranges::count(header.shape, 0) > 0 ? 0 : product;
}

void require_size(const TensorHeader& header, uint64_t found, const std::string& file) {
  const std::string what =
      fmt::format("{} {}", tensor::element_name(header.type), tensor::to_string(header.shape));
  const int64_t needed = needed_bytes(header, file);
  if (static_cast<uint64_t>(needed) != found) {
    throw Error(fmt::format("{} .npy file: {} needs {} bytes of data, found {}",
                            static_cast<uint64_t>(needed) > found ? "truncated" : "overlong", what,
                            needed, found),
                {.file = file});
  }
}

void swap_bytes(std::span<std::byte> bytes, size_t element_size) {
  for (size_t i = 0; i < bytes.size(); i += element_size) {
    std::ranges::reverse(bytes.subspan(i, element_size));
  }
}

/// Copies `from`, whose first index runs fastest, to `to`, whose last index does.
void copy_fortran(std::span<const std::byte> from, const Shape& shape, size_t element_size,
                  std::span<std::byte> to) {
  std::vector<size_t> strides(shape.size());
  size_t stride = element_size;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    strides[axis] = stride;
    stride *= static_cast<size_t>(shape[axis]);
  }
  std::vector<int64_t> index(shape.size());
  size_t source = 0;
  for (size_t i = 0; i < to.size(); i += element_size) {
    std::memcpy(to.data() + i, from.data() + source, element_size);
    for (size_t axis = shape.size(); axis-- > 0;) {
      source += strides[axis];
      if (++index[axis] < shape[axis]) break;
      source -= strides[axis] * static_cast<size_t>(shape[axis]);
      index[axis] = 0;
    }
  }
}

/// "(3,)", "(2, 4)", "()": a Python tuple.
std::string tuple_text(const Shape& shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

std::string type_text(ElementType type) {
  const auto* found = std::ranges::find(kTypeCodes, type, &TypeCode::type);
  if (found == std::end(kTypeCodes)) {
    throw std::invalid_argument(
        fmt::format("{} cannot be written as .npy", tensor::element_name(type)));
  }
  const char native = std::endian::native == std::endian::little ? '<' : '>';
  return fmt::format("{}{}", tensor::element_size(type) == 1 ? '|' : native, found->code);
}

}  // namespace

NpyReader::NpyReader(ByteStream& stream, std::string file)
    : stream_(stream), file_(std::move(file)) {
  const HeaderText text = read_header(stream, file_);
  Header header = HeaderParser(text.text, file_).parse();
  header_ = {header.type, std::move(header.shape)};
  swapped_ = header.swapped;
  fortran_order_ = header.fortran_order && header_.shape.size() > 1;
  if (stream.size() == ByteStream::kUnknownSize) {
    needed_bytes(header_, file_);
  } else {
    require_size(header_, stream.size() - std::min(text.end, stream.size()), file_);
  }
}

Tensor NpyReader::read_growing() {
  constexpr size_t kFirst = size_t{16} << 20;
  const auto needed = static_cast<size_t>(needed_bytes(header_, file_));
  std::vector<std::byte> bytes;
  while (bytes.size() < needed) {
    const size_t done = bytes.size();
    bytes.resize(std::min(needed, std::max(kFirst, 2 * done)));
    const size_t got = stream_.read(std::span(bytes).subspan(done));
    if (done + got == bytes.size()) continue;
    throw Error(fmt::format("truncated .npy array: {} bytes of data were announced, found {}",
                            needed, done + got),
                {.file = file_});
  }
  Tensor result(header_.type, header_.shape);
  std::ranges::copy(bytes, result.bytes().begin());
  return result;
}

void NpyReader::take(Tensor& into) {
  const size_t got = stream_.read(into.bytes());
  taken_bytes_ += got;
  if (got == into.bytes().size()) return;
  throw Error(fmt::format("damaged .npy file: {} bytes of data were announced, found {}",
                          needed_bytes(header_, file_), taken_bytes_),
              {.file = file_});
}

/// Asking once more also makes an archive compare the checksum.
void NpyReader::require_end() {
  std::byte more;
  if (stream_.read({&more, 1}) == 0) return;
  throw Error(fmt::format("damaged .npy file: {} bytes of data were announced, found more",
                          needed_bytes(header_, file_)),
              {.file = file_});
}

Tensor NpyReader::read_announced() {
  Tensor result(header_.type, header_.shape);
  take(result);
  require_end();
  return result;
}

Tensor NpyReader::read_part(const tensor::Shape& shape) {
  if (fortran_order_) {
    throw Error(
        "is in Fortran order, in which samples do not stand together; "
        "numpy.ascontiguousarray() puts it in order",
        {.file = file_});
  }
  Tensor part(header_.type, shape);
  take(part);
  if (taken_bytes_ == static_cast<uint64_t>(needed_bytes(header_, file_))) require_end();
  if (swapped_) swap_bytes(part.bytes(), tensor::element_size(header_.type));
  return part;
}

void NpyReader::skip_parts(const tensor::Shape& shape, uint64_t count) {
  const auto part = static_cast<uint64_t>(needed_bytes({header_.type, shape}, file_));
  stream_.skip(part * count);
  taken_bytes_ += part * count;
}

Tensor NpyReader::read() {
  Tensor result = stream_.size() == ByteStream::kUnknownSize ? read_growing() : read_announced();
  const size_t element_size = tensor::element_size(header_.type);
  if (fortran_order_) {
    const Tensor stored = std::move(result);
    result = Tensor(header_.type, header_.shape);
    copy_fortran(stored.bytes(), header_.shape, element_size, result.bytes());
  }
  if (swapped_) swap_bytes(result.bytes(), element_size);
  return result;
}

Tensor parse_npy(std::string_view bytes, const std::string& file) {
  MemoryStream stream(bytes);
  return NpyReader(stream, file).read();
}

Tensor read_npy(const std::filesystem::path& path, const HeaderCheck& check) {
  FileStream stream(path);
  const std::string file = path.string();
  NpyReader reader(stream, file);
  if (check) check({{"", reader.header()}});
  return reader.read();
}

std::string npy_bytes(const tensor::TensorView& tensor) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}",
                                   type_text(tensor.type), tuple_text(tensor.shape));
  const bool wide = header.size() + 2 * kAlignment > UINT16_MAX;
  const size_t prefix = kMagic.size() + 2 + (wide ? 4 : 2);
  const size_t end = prefix + header.size() + 1;
  header.append((kAlignment - end % kAlignment) % kAlignment, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += static_cast<char>(wide ? 2 : 1);
  bytes += '\0';
  for (size_t i = 0; i < prefix - kMagic.size() - 2; ++i) {
    bytes += static_cast<char>(header.size() >> (8 * i));
  }
  bytes += header;
  const size_t size = tensor.element_count() * tensor::element_size(tensor.type);
  if (size > 0) bytes.append(static_cast<const char*>(tensor.data), size);
  return bytes;
}

void write_npy(const std::filesystem::path& path, const tensor::TensorView& tensor) {
  write_file(path, npy_bytes(tensor));
}

}  // namespace rangefinder::data
