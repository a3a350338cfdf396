#include "base/zero_pages.h"

#include <sys/mman.h>

#include <new>

namespace rangefinder {

void ZeroPages::Unmap::operator()(std::byte* bytes) const { ::munmap(bytes, size); }

ZeroPages::ZeroPages(size_t size) : bytes_(nullptr, Unmap{size}) {
  if (size == 0) return;
  void* pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  // A huge page would be written, and held, as a whole. Where there are none, this fails.
  ::madvise(pages, size, MADV_NOHUGEPAGE);
  bytes_.reset(static_cast<std::byte*>(pages));
}

}  // namespace rangefinder
