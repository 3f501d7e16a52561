/* Makes calls of the C library fail as some file systems do: loaded into the program with LD_PRELOAD by
 * `cargo xtask crash --only shims`. The environment variables say which call fails, and how:
 *
 *   SHIM_CALL    flock, fsync-folder, fsync-file, rename, write, statx or statfs
 *   SHIM_ERROR   the error number's name, such as ENOLCK
 *   SHIM_FROM    which of these calls is the first to fail, counted from 1; all later ones fail too
 *   SHIM_LOG     a file that gets a byte for each call of this kind: '.' if it passed, 'x' if it failed
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const struct {
    const char *name;
    int number;
} ERRORS[] = {
    {"EACCES", EACCES}, {"EBADF", EBADF},   {"EBUSY", EBUSY},   {"EDQUOT", EDQUOT},
    {"EFBIG", EFBIG},   {"EINVAL", EINVAL}, {"EIO", EIO},       {"ENOLCK", ENOLCK},
    {"ENOSPC", ENOSPC}, {"ENOSYS", ENOSYS}, {"ENOTSUP", ENOTSUP}, {"EOPNOTSUPP", EOPNOTSUPP},
    {"EROFS", EROFS},   {"ESTALE", ESTALE}, {"EWOULDBLOCK", EWOULDBLOCK}, {"EXDEV", EXDEV},
};

static int error_number(void) {
    const char *name = getenv("SHIM_ERROR");
    for (size_t i = 0; name && i < sizeof ERRORS / sizeof *ERRORS; i++) {
        if (strcmp(name, ERRORS[i].name) == 0) return ERRORS[i].number;
    }
    abort();
}

/* Through the kernel, because this file's own `write` must not be called. */
static void note(char sign) {
    int error = errno;
    const char *log = getenv("SHIM_LOG");
    int fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    if (fd >= 0) {
        syscall(SYS_write, fd, &sign, (size_t)1);
        close(fd);
    }
    errno = error;
}

/* Whether this call has to fail. If so, `errno` says why. */
static int fails(const char *call) {
    static int calls;
    const char *chosen = getenv("SHIM_CALL"), *from = getenv("SHIM_FROM");
    if (!chosen || strcmp(chosen, call) != 0) return 0;
    int number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    int has_to = number >= (from ? atoi(from) : 1);
    note(has_to ? 'x' : '.');
    if (has_to) errno = error_number();
    return has_to;
}

static int is_kind(int fd, mode_t kind) {
    struct stat status;
    int error = errno;
    int is = fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == kind;
    errno = error;
    return is;
}

int flock(int fd, int operation) {
    return fails("flock") ? -1 : REAL(flock)(fd, operation);
}

static int sync_fails(int fd) {
    return fails(is_kind(fd, S_IFDIR) ? "fsync-folder" : "fsync-file");
}

int fsync(int fd) { return sync_fails(fd) ? -1 : REAL(fsync)(fd); }

int fdatasync(int fd) { return sync_fails(fd) ? -1 : REAL(fdatasync)(fd); }

int rename(const char *from, const char *to) { return fails("rename") ? -1 : REAL(rename)(from, to); }

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    return fails("rename") ? -1 : REAL(renameat)(from_dir, from, to_dir, to);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    return fails("rename") ? -1 : REAL(renameat2)(from_dir, from, to_dir, to, flags);
}

/* What goes to a terminal or a pipe is not written to a disk. */
ssize_t write(int fd, const void *bytes, size_t length) {
    return is_kind(fd, S_IFREG) && fails("write") ? -1 : REAL(write)(fd, bytes, length);
}

int statx(int dir, const char *path, int flags, unsigned mask, struct statx *status) {
    return fails("statx") ? -1 : REAL(statx)(dir, path, flags, mask, status);
}

int statfs(const char *path, struct statfs *status) {
    return fails("statfs") ? -1 : REAL(statfs)(path, status);
}

int statfs64(const char *path, struct statfs64 *status) {
    return fails("statfs") ? -1 : REAL(statfs64)(path, status);
}

int fstatfs(int fd, struct statfs *status) { return fails("statfs") ? -1 : REAL(fstatfs)(fd, status); }

int fstatfs64(int fd, struct statfs64 *status) {
    return fails("statfs") ? -1 : REAL(fstatfs64)(fd, status);
}

int statvfs(const char *path, struct statvfs *status) {
    return fails("statfs") ? -1 : REAL(statvfs)(path, status);
}

int statvfs64(const char *path, struct statvfs64 *status) {
    return fails("statfs") ? -1 : REAL(statvfs64)(path, status);
}

int fstatvfs(int fd, struct statvfs *status) { return fails("statfs") ? -1 : REAL(fstatvfs)(fd, status); }

int fstatvfs64(int fd, struct statvfs64 *status) {
    return fails("statfs") ? -1 : REAL(fstatvfs64)(fd, status);
}
