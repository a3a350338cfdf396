#include "engine/temporary_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

#include "base/error.h"

namespace rangefinder::engine {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  if (error) throw Error("no folder for temporary files: " + error.message());
  std::string name = (parent / "rangefinder-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw Error(std::string("cannot create a temporary folder: ") + std::strerror(errno),
                {.file = parent.string()});
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace rangefinder::engine
