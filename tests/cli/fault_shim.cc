// Preloaded into the program by faults_test.cc, with four variables:
//
//   FAULT_FOLDER  Operations on files below it count, those that change something, and reads.
//   FAULT_AT      The operation that goes wrong, the first being 1; 0: none.
//   FAULT_ERRNO   How: with this error; 0: the process is killed before it.
//   FAULT_LOG     Where each operation is written down, a line for each: its number, what, where.
//
// A forked child goes on counting from where it was forked.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <bitset>
#include <cerrno>

namespace {

constexpr int kMostFiles = 4096;

std::atomic<long> g_count = 0;
// Opened below the folder.
std::bitset<kMostFiles> g_watched;

const char* setting(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

template <typename Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool is_below(const char* path) {
  const char* folder = setting("FAULT_FOLDER");
  return *folder != 0 && path != nullptr && strncmp(path, folder, strlen(folder)) == 0;
}

bool is_watched(int file) { return file > 2 && file < kMostFiles && g_watched[file]; }

int watch(int file, bool is_wanted) {
  if (file >= 0 && file < kMostFiles) g_watched[file] = is_wanted;
  return file;
}

void log(long number, const char* operation, const char* path) {
  const char* name = setting("FAULT_LOG");
  if (*name == 0) return;
  char line[1024];
  const int size = snprintf(line, sizeof line, "%ld %s %s\n", number, operation, path);
  const int file =
      real<int (*)(const char*, int, ...)>("open")(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (size > 0) real<ssize_t (*)(int, const void*, size_t)>("write")(file, line, size);
  close(file);
}

/// True if the operation is to fail; errno is set.
bool goes_wrong(const char* operation, const char* path = "") {
  const long number = ++g_count;
  log(number, operation, path);
  if (number != atol(setting("FAULT_AT"))) return false;
  errno = atoi(setting("FAULT_ERRNO"));
  if (errno == 0) {
    kill(getpid(), SIGKILL);
    while (true) pause();
  }
  return true;
}

int open_watched(const char* name, const char* path, int flags, mode_t mode) {
  const bool is_wanted = is_below(path);
  if (is_wanted && goes_wrong("open", path)) return -1;
  return watch(real<int (*)(const char*, int, ...)>(name)(path, flags, mode), is_wanted);
}

FILE* open_stream(const char* name, const char* path, const char* mode) {
  const bool is_wanted = is_below(path);
  if (is_wanted && goes_wrong("open", path)) return nullptr;
  FILE* file = real<FILE* (*)(const char*, const char*)>(name)(path, mode);
  if (file != nullptr) watch(fileno(file), is_wanted);
  return file;
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_watched("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = mode_of(flags, arguments);
  va_end(arguments);
  return open_watched("open64", path, flags, mode);
}

FILE* fopen(const char* path, const char* mode) { return open_stream("fopen", path, mode); }
FILE* fopen64(const char* path, const char* mode) { return open_stream("fopen64", path, mode); }

int mkostemp(char* name, int flags) {
  const bool is_wanted = is_below(name);
  if (is_wanted && goes_wrong("mkostemp", name)) return -1;
  return watch(real<int (*)(char*, int)>("mkostemp")(name, flags), is_wanted);
}

char* mkdtemp(char* name) {
  if (is_below(name) && goes_wrong("mkdtemp", name)) return nullptr;
  return real<char* (*)(char*)>("mkdtemp")(name);
}

ssize_t read(int file, void* bytes, size_t size) {
  if (is_watched(file) && goes_wrong("read")) return -1;
  return real<ssize_t (*)(int, void*, size_t)>("read")(file, bytes, size);
}

ssize_t pread64(int file, void* bytes, size_t size, off64_t offset) {
  if (is_watched(file) && goes_wrong("pread")) return -1;
  return real<ssize_t (*)(int, void*, size_t, off64_t)>("pread64")(file, bytes, size, offset);
}

ssize_t write(int file, const void* bytes, size_t size) {
  if (is_watched(file) && goes_wrong("write")) return -1;
  return real<ssize_t (*)(int, const void*, size_t)>("write")(file, bytes, size);
}

int fsync(int file) {
  if (is_watched(file) && goes_wrong("fsync")) return -1;
  return real<int (*)(int)>("fsync")(file);
}

int fchmod(int file, mode_t mode) noexcept {
  if (is_watched(file) && goes_wrong("fchmod")) return -1;
  return real<int (*)(int, mode_t)>("fchmod")(file, mode);
}

int rename(const char* from, const char* to) noexcept {
  if (is_below(to) && goes_wrong("rename", to)) return -1;
  return real<int (*)(const char*, const char*)>("rename")(from, to);
}

int link(const char* from, const char* to) noexcept {
  if (is_below(to) && goes_wrong("link", to)) return -1;
  return real<int (*)(const char*, const char*)>("link")(from, to);
}

int unlink(const char* path) noexcept {
  if (is_below(path) && goes_wrong("unlink", path)) return -1;
  return real<int (*)(const char*)>("unlink")(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
  if (goes_wrong("unlinkat", path)) return -1;
  return real<int (*)(int, const char*, int)>("unlinkat")(folder, path, flags);
}

int remove(const char* path) noexcept {
  if (is_below(path) && goes_wrong("remove", path)) return -1;
  return real<int (*)(const char*)>("remove")(path);
}

int close(int file) {
  watch(file, false);
  return real<int (*)(int)>("close")(file);
}

}  // extern "C"
