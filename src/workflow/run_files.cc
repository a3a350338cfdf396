#include "workflow/run_files.h"

#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/file_identity.h"
#include "base/replace.h"
#include "data/sample_files.h"
#include "graph/external_files.h"
#include "observers/plugin.h"

namespace rangefinder {
namespace {

namespace fs = std::filesystem;

void make_ready(const fs::path& output, const RunControl& control) {
  if (output.empty()) throw Error("a file name is needed, found an empty one");
  const auto told = recover(follow_links(output));
  if (told && control.notice) control.notice(*told);
  require_writable(output);
}

/// The outputs, told apart by what they are rather than by how they are called.
class Outputs {
 public:
  explicit Outputs(const RunFiles& files) {
    for (const fs::path& output : files.outputs) {
      const FileIdentity identity = identity_of(output);
      is_any_there_ = is_any_there_ || identity.name.empty();
      const auto [other, is_new] = paths_.emplace(identity, output);
      if (!is_new) refuse(output, fmt::format("another result ({})", other->second.string()));
    }
  }

  /// Otherwise none of them can be a file that is read.
  bool is_any_there() const { return is_any_there_; }

  void require_other(const fs::path& input) const {
    const auto found = paths_.find(identity_of(input));
    if (found == paths_.end()) return;
    refuse(found->second, fmt::format("read by this run ({})", input.string()));
  }

 private:
  [[noreturn]] static void refuse(const fs::path& output, const std::string& what) {
    throw Error(fmt::format("is {}; a result needs a file of its own", what),
                {.file = output.string()});
  }

  std::map<FileIdentity, fs::path> paths_;
  bool is_any_there_ = false;
};

}  // namespace

void prepare_outputs(const RunFiles& files, const RunControl& control) {
  for (const fs::path& output : files.outputs) make_ready(output, control);
  const Outputs outputs(files);
  if (!outputs.is_any_there()) return;
  for (const fs::path& file : files.models) outputs.require_other(file);
  for (const fs::path& file : files.others) outputs.require_other(file);
  for (const fs::path& file : observers::plugin_files()) outputs.require_other(file);
  for (const fs::path& model : files.models) {
    for (const fs::path& file : graph::external_files(model)) outputs.require_other(file);
  }
  if (files.data.empty()) return;
  for (const fs::path& file : data::files_read(files.data)) outputs.require_other(file);
}

}  // namespace rangefinder
