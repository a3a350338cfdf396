// Several renames are no atomic step: a process killed between two of them leaves a new model
// beside an old summary. Three things stand against that:
//
//   journal   Beside every target, naming all renames, on disk before the first of them. Whoever
//             finds one whose process is dead renames what is left: all content is there by then.
//   second    A forked child renames, its parent waits and renames what is left. Either may be
//             killed, and the files are of one run to the end all the same.
//   backup    A second name of each old file, so that a rename that fails (a full disk, a broken
//             one) takes back those before it.
//
// A single file needs the last of these alone.
//
// A lock (flock) on a journal or on a temporary file tells that its process lives: the system drops
// it with the process, however that ends.
#include "base/replace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "base/error.h"

namespace rangefinder {
namespace {

namespace fs = std::filesystem;

constexpr char kTemporary[] = "tmp-";
constexpr char kJournal[] = "commit";
constexpr char kBackup[] = "old";
constexpr size_t kLongestName = 255;
constexpr size_t kUniqueLetters = 6;
constexpr std::string_view kJournalHead("rangefinder commit 1\0", 21);
constexpr std::string_view kJournalEnd("end\0", 4);
/// How long another run may take to put its results in place.
constexpr std::chrono::seconds kPatience(10);

[[noreturn]] void fail(const fs::path& path, const std::string& action, int error) {
  throw Error(fmt::format("{}: {}", action, std::strerror(error)), {.file = path.string()});
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

bool is_there(const fs::path& path) {
  struct stat found = {};
  return ::lstat(path.c_str(), &found) == 0;
}

/// The regular file of ours that `path` names itself, locked; closed if it is none, or somebody
/// else has it.
Descriptor lock_dead(const fs::path& path) {
  constexpr int kFlags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  // Over a network a file is locked only if it may be written.
  Descriptor file(::open(path.c_str(), O_RDWR | kFlags));
  if (!file.is_open()) file = Descriptor(::open(path.c_str(), O_RDONLY | kFlags));
  struct stat opened = {};
  if (!file.is_open() || ::fstat(file.value(), &opened) != 0) return {};
  if (!S_ISREG(opened.st_mode) || opened.st_uid != ::geteuid()) return {};
  if (::flock(file.value(), LOCK_EX | LOCK_NB) != 0) return {};
  // Its process may have removed it before it let go of the lock.
  struct stat now = {};
  const bool is_same = ::lstat(path.c_str(), &now) == 0 && now.st_dev == opened.st_dev &&
                       now.st_ino == opened.st_ino;
  return is_same ? std::move(file) : Descriptor();
}

/// Removes the file of ours that `path` names itself if nobody has it. The lock is held until it is
/// gone: the name may be one that a run has just made and not locked yet.
void unlink_dead(const fs::path& path) {
  const Descriptor held = lock_dead(path);
  if (held.is_open()) ::unlink(path.c_str());
}

/// Brings to disk which names a folder holds. False if that failed; errno tells why.
bool sync_folder(const fs::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // A folder that one may write to but not list; file systems that know no such thing.
  if (!opened.is_open()) return errno == EACCES;
  return ::fsync(opened.value()) == 0 || errno == EINVAL || errno == ENOTSUP;
}

/// Of all targets. Returns the folder where it failed, if it did.
std::optional<fs::path> sync_folders(const std::vector<Replacement>& files) {
  std::set<fs::path> folders;
  for (const Replacement& file : files) folders.insert(folder_of(file.target));
  for (const fs::path& folder : folders) {
    if (!sync_folder(folder)) return folder;
  }
  return std::nullopt;
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

// ---------------------------------------------------------------------------------------- journal

/// A name alone means the folder of the journal, so that the folder may be moved.
std::string journal_text(const fs::path& folder, const std::vector<Replacement>& files) {
  std::string text(kJournalHead);
  const auto add = [&](const fs::path& path) {
    const bool is_near = folder_of(path) == folder;
    text += (is_near ? path.filename() : fs::absolute(path)).string() + '\0';
  };
  for (const Replacement& file : files) {
    add(file.temporary);
    add(file.target);
  }
  return text + std::string(kJournalEnd);
}

/// A journal may only say what we could have written.
bool is_ours(const Replacement& file) {
  const std::string wanted = temporary_template(file.target).string();
  const std::string found = file.temporary.string();
  const size_t fixed = wanted.size() - kUniqueLetters;
  return found.size() == wanted.size() && found.compare(0, fixed, wanted, 0, fixed) == 0 &&
         found.find('/', fixed) == std::string::npos;
}

/// Empty if the journal was not finished: then no rename was begun.
std::vector<Replacement> parse_journal(const fs::path& folder, std::string_view text) {
  if (!text.starts_with(kJournalHead) || !text.ends_with(kJournalEnd)) return {};
  text.remove_prefix(kJournalHead.size());
  text.remove_suffix(kJournalEnd.size());
  std::vector<fs::path> paths;
  while (!text.empty()) {
    const size_t end = text.find('\0');
    if (end == std::string_view::npos) return {};
    paths.push_back(folder / std::string(text.substr(0, end)));
    text.remove_prefix(end + 1);
  }
  if (paths.size() % 2 != 0) return {};
  std::vector<Replacement> files;
  for (size_t i = 0; i < paths.size(); i += 2) {
    files.push_back({paths[i], paths[i + 1], {}});
    if (!is_ours(files.back())) return {};
  }
  return files;
}

std::string content_of(const Descriptor& file) {
  std::string text;
  char block[4096];
  while (true) {
    const ssize_t count = ::read(file.value(), block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(block, static_cast<size_t>(count));
  }
}

/// A journal beside one target, locked; removed on destruction unless it is left.
class Journal {
 public:
  /// Waits for another run that is just writing this target. Throws Error.
  explicit Journal(const fs::path& target) : path_(companion_of(target, kJournal)) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!create()) {
      const int error = errno;
      if (error != EEXIST) fail(target, "cannot write beside it", error);
      recover(target);
      if (std::chrono::steady_clock::now() > deadline) {
        throw Error(fmt::format("another run is writing it, or '{}' is in the way", path_.string()),
                    {.file = target.string()});
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  ~Journal() {
    if (file_.is_open()) ::unlink(path_.c_str());
  }
  Journal(Journal&& other) noexcept = default;
  Journal& operator=(Journal&&) = delete;

  /// False if it failed; errno tells why.
  bool write(const std::vector<Replacement>& files) {
    return write_all(file_.value(), journal_text(folder_of(path_), files)) &&
           ::fsync(file_.value()) == 0;
  }
  /// For the next run.
  void leave() { file_ = Descriptor(); }

 private:
  bool create() {
    Descriptor file(::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.is_open()) return false;
    // Where there are no locks nobody can take the journal for a dead one either.
    if (::flock(file.value(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      errno = EEXIST;
      return false;
    }
    file_ = std::move(file);
    if (is_there(path_)) return true;
    file_ = Descriptor();
    errno = EEXIST;
    return false;
  }

  fs::path path_;
  Descriptor file_;
};

// ---------------------------------------------------------------------------------------- renames

/// Everything that the child of a process with threads may do: system calls alone.
int rename_rest(const std::vector<Replacement>& files) {
  for (const Replacement& file : files) {
    struct stat found = {};
    if (::lstat(file.temporary.c_str(), &found) != 0) {
      if (errno == ENOENT) continue;  // Renamed already.
      return errno;
    }
    if (::rename(file.temporary.c_str(), file.target.c_str()) != 0) return errno;
  }
  return 0;
}

/// Renames in a process of its own that no signal ends. Whether that worked the files tell.
void rename_in_child(const std::vector<Replacement>& files) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(rename_rest(files) == 0 ? 0 : 1);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child < 0) return;
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// One call of replace_together().
class Commit {
 public:
  explicit Commit(const std::vector<Replacement>& files) : files_(files) {}

  void run() {
    for (const Replacement& file : files_) {
      if (!is_there(file.temporary)) fail(file.target, "its temporary file is gone", ENOENT);
    }
    // A single rename is atomic by itself.
    const bool is_one = files_.size() == 1;
    if (!is_one) open_journals();
    back_up();
    if (!is_one) rename_in_child(files_);
    if (const int error = rename_rest(files_); error != 0) {
      take_back(first_left(), "cannot rename into place", error);
    }
    if (const auto folder = sync_folders(files_)) {
      take_back(*folder, "cannot be brought to disk", errno);
    }
    remove_backups();
  }

  /// True if temporary files are still needed: to finish.
  bool kept() const { return kept_; }

 private:
  void open_journals() {
    // In one order for all runs, so that none waits for another in a circle.
    std::set<fs::path> targets;
    for (const Replacement& file : files_) targets.insert(file.target);
    for (const fs::path& target : targets) {
      journals_.emplace_back(target);
      if (!journals_.back().write(files_)) fail(target, "cannot write beside it", errno);
    }
    if (const auto folder = sync_folders(files_)) fail(*folder, "cannot be brought to disk", errno);
  }

  /// Where a file cannot have two names there is no way back, only forward.
  void back_up() {
    for (const Replacement& file : files_) {
      was_there_.push_back(is_there(file.target));
      const fs::path backup = companion_of(file.target, kBackup);
      ::unlink(backup.c_str());
      if (was_there_.back()) ::link(file.target.c_str(), backup.c_str());
    }
  }

  fs::path first_left() const {
    for (const Replacement& file : files_) {
      if (is_there(file.temporary)) return file.target;
    }
    return files_.front().target;
  }

  [[noreturn]] void take_back(const fs::path& path, const std::string& action, int error) {
    bool is_back = true;
    for (size_t i = files_.size(); i-- > 0;) {
      if (!is_there(files_[i].temporary)) is_back = restore(i) && is_back;
    }
    if (is_back) {
      sync_folders(files_);
      remove_backups();
      fail(path, action, error);
    }
    for (Journal& journal : journals_) journal.leave();
    kept_ = !journals_.empty();
    throw Error(
        fmt::format("{}: {}; results that are in place already could not be taken back{}", action,
                    std::strerror(error), kept_ ? ": the next run with this output finishes" : ""),
        {.file = path.string()});
  }

  /// The old file, or none, under the target's name; the new content under the temporary one.
  bool restore(size_t i) const {
    const char* target = files_[i].target.c_str();
    const char* temporary = files_[i].temporary.c_str();
    if (!was_there_[i]) return ::rename(target, temporary) == 0;
    const fs::path backup = companion_of(files_[i].target, kBackup);
    if (!is_there(backup)) return false;
    ::link(target, temporary);
    return ::rename(backup.c_str(), target) == 0;
  }

  void remove_backups() const {
    for (const Replacement& file : files_) ::unlink(companion_of(file.target, kBackup).c_str());
  }

  const std::vector<Replacement>& files_;
  std::vector<Journal> journals_;
  std::vector<bool> was_there_;
  bool kept_ = false;
};

// --------------------------------------------------------------------------------------- recovery

void finish(const fs::path& target, const std::vector<Replacement>& files) {
  if (const int error = rename_rest(files); error != 0) {
    fail(target, "cannot finish what a run that was killed had begun", error);
  }
  if (const auto folder = sync_folders(files)) fail(*folder, "cannot be brought to disk", errno);
  for (const Replacement& file : files) {
    ::unlink(companion_of(file.target, kBackup).c_str());
    if (file.target == target) continue;
    unlink_dead(companion_of(file.target, kJournal));
  }
}

/// What a journal whose process is dead tells to do.
std::optional<std::string> replay(const fs::path& target) {
  const fs::path path = companion_of(target, kJournal);
  const Descriptor journal = lock_dead(path);
  if (!journal.is_open()) return std::nullopt;
  const auto files = parse_journal(folder_of(path), content_of(journal));
  const auto is_left = [](const Replacement& file) { return is_there(file.temporary); };
  const bool changes = std::ranges::any_of(files, is_left);
  finish(target, files);
  ::unlink(path.c_str());
  if (!changes) return std::nullopt;
  std::string names;
  for (const Replacement& file : files) names += (names.empty() ? "" : ", ") + file.target.string();
  return "a run that was killed had not put all its results in place; they are now: " + names;
}

}  // namespace

fs::path companion_of(const fs::path& target, const std::string& what) {
  std::string name = "." + target.filename().string() + ".rangefinder-" + what;
  if (name.size() > kLongestName - kUniqueLetters) {
    const size_t hash = std::hash<std::string>()(target.filename().string());
    name = fmt::format(".{:016x}.rangefinder-{}", hash, what);
  }
  return folder_of(target) / name;
}

fs::path temporary_template(const fs::path& target) {
  return companion_of(target, kTemporary).string() + std::string(kUniqueLetters, 'X');
}

void replace_together(const std::vector<Replacement>& files) {
  Commit commit(files);
  const auto remove_temporary = [&] {
    if (commit.kept()) return;
    for (const Replacement& file : files) ::unlink(file.temporary.c_str());
  };
  try {
    commit.run();
  } catch (...) {
    remove_temporary();
    throw;
  }
}

std::optional<std::string> recover(const fs::path& target) {
  auto told = replay(target);
  const fs::path folder = folder_of(target);
  const std::string start = companion_of(target, kTemporary).filename().string();
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::end(entry);
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.size() != start.size() + kUniqueLetters || !name.starts_with(start)) continue;
    unlink_dead(entry->path());
  }
  // Without a journal nobody will ask for it any more.
  if (!is_there(companion_of(target, kJournal))) {
    ::unlink(companion_of(target, kBackup).c_str());
  }
  return told;
}

}  // namespace rangefinder
