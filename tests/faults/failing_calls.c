/* Makes calls to the system fail: a library to preload. Of the calls of one sort (write, sync, rename, open, unlink) that are about
   files below a folder, the n-th fails with an error, or all from the n-th on; before `arm` none does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char below[PATH_MAX];
static char sort[16];
static int left, code, for_ever, failed, seen;

void arm(const char *folder, const char *name, int number, int error, int on) {
  snprintf(below, sizeof below, "%s/", folder);
  snprintf(sort, sizeof sort, "%s", name);
  left = number;
  code = error;
  for_ever = on;
  failed = seen = 0;
}

int has_failed(void) { return failed; }
int calls(void) { return seen; }

static int fails(const char *name, const char *path) {
  char whole[PATH_MAX];
  if (!left || strcmp(name, sort)) return 0;
  if (path && path[0] != '/') {
    char folder[PATH_MAX];
    if (!getcwd(folder, sizeof folder)) return 0;
    if (snprintf(whole, sizeof whole, "%s/%s", folder, path) >= (int)sizeof whole) return 0;
    path = whole;
  }
  if (!path || strncmp(path, below, strlen(below))) return 0;
  seen++;
  if (left > 1) {
    left--;
    return 0;
  }
  if (!for_ever) left = 0;
  failed = 1;
  errno = code;
  return 1;
}

static int fails_on(const char *name, int file) {
  char link[64], path[PATH_MAX];
  if (!left || strcmp(name, sort)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 1 || path[0] != '/') return 0; /* a pipe */
  path[length] = 0;
  return fails(name, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *bytes, size_t count) { return fails_on("write", file) ? -1 : REAL(write)(file, bytes, count); }
ssize_t writev(int file, const struct iovec *parts, int count) {
  return fails_on("write", file) ? -1 : REAL(writev)(file, parts, count);
}
ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) {
  return fails_on("write", file) ? -1 : REAL(pwrite)(file, bytes, count, at);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  return fails_on("write", file) ? -1 : REAL(pwrite64)(file, bytes, count, at);
}
int ftruncate(int file, off_t length) { return fails_on("write", file) ? -1 : REAL(ftruncate)(file, length); }
int ftruncate64(int file, off64_t length) { return fails_on("write", file) ? -1 : REAL(ftruncate64)(file, length); }
int fsync(int file) { return fails_on("sync", file) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return fails_on("sync", file) ? -1 : REAL(fdatasync)(file); }
int rename(const char *from, const char *to) { return fails("rename", to) ? -1 : REAL(rename)(from, to); }
int renameat(int a, const char *from, int b, const char *to) {
  return fails("rename", to) ? -1 : REAL(renameat)(a, from, b, to);
}
int link(const char *from, const char *to) { return fails("rename", to) ? -1 : REAL(link)(from, to); }
int unlink(const char *path) { return fails("unlink", path) ? -1 : REAL(unlink)(path); }
int unlinkat(int folder, const char *path, int flags) { return fails("unlink", path) ? -1 : REAL(unlinkat)(folder, path, flags); }
int mkdir(const char *path, mode_t mode) { return fails("open", path) ? -1 : REAL(mkdir)(path, mode); }

#define OPEN(name)                                                                                                             \
  int name(const char *path, int flags, ...) {                                                                                  \
    va_list rest;                                                                                                               \
    va_start(rest, flags);                                                                                                      \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;                                                   \
    va_end(rest);                                                                                                               \
    return fails("open", path) ? -1 : REAL(name)(path, flags, mode);                                                            \
  }
OPEN(open)
OPEN(open64)
