#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace rangefinder::data {

/// Something open that is read by one thread, and best forwards.
class ForwardReader {
 public:
  virtual ~ForwardReader() = default;

  /// From here on it reads without reading what is before.
  virtual uint64_t position() const { return 0; }
};

/// Files that are open, for whoever reads from them next: few at a time, however many there are. Of
/// a packed one that is handed out which has been read up to the place in question, so that a pass
/// over it unpacks it once. May be called from several threads at once.
class ReaderPool {
 public:
  /// `open` opens file number so-and-so; it is called by several threads at once.
  using Open = std::function<std::unique_ptr<ForwardReader>(size_t file)>;

  explicit ReaderPool(Open open) : open_(std::move(open)) {}

  /// Calls work(reader) with one that nobody else reads from meanwhile. `Reader` is what `open`
  /// makes.
  template <typename Reader, typename Work>
  auto with(size_t file, uint64_t position, const Work& work) {
    auto reader = take(file, position);
    auto result = work(static_cast<Reader&>(*reader));
    give_back(file, std::move(reader));
    return result;
  }

 private:
  struct Idle {
    size_t file;
    std::unique_ptr<ForwardReader> reader;
  };

  std::unique_ptr<ForwardReader> take(size_t file, uint64_t position);
  void give_back(size_t file, std::unique_ptr<ForwardReader> reader);

  Open open_;
  std::mutex mutex_;
  /// The one that was used last comes first.
  std::list<Idle> idle_;
};

}  // namespace rangefinder::data
