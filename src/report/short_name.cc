#include "report/short_name.h"

#include "base/printable.h"

namespace rangefinder::report {

std::string short_name(const std::string& foreign, size_t width) {
  std::string name = printable(foreign);
  if (name.size() <= width) return name;
  size_t begin = name.size() - width + 3;
  // Not within a UTF-8 character: its later bytes are 10xxxxxx.
  while (begin < name.size() && (name[begin] & 0xC0) == 0x80) ++begin;
  return "..." + name.substr(begin);
}

}  // namespace rangefinder::report
