/* For LD_PRELOAD: what would be left of the files after a power failure that drops all that was not synced.
 *
 * Each fsync is an entry of $SYNC_LOG/log: "file INODE NUMBER", the content being $SYNC_LOG/NUMBER, or "folder INODE" with a
 * line "  INODE KIND NAME" for each name in it. Descriptors of synced files stay open, so that no other file gets their inode.
 * Built by the test that uses it. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int number = 0;

static void log_file(FILE* log, int file, const struct stat* info) {
  char path[4096], self[64];
  snprintf(path, sizeof path, "%s/%d", getenv("SYNC_LOG"), ++number);
  snprintf(self, sizeof self, "/proc/self/fd/%d", file);
  const int from = open(self, O_RDONLY | O_CLOEXEC); /* stays open */
  const int to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  off_t at = 0;
  while (at < info->st_size && sendfile(to, from, &at, info->st_size - at) > 0) {
  }
  close(to);
  fprintf(log, "file %lu %d\n", (unsigned long)info->st_ino, number);
}

static void log_folder(FILE* log, int folder, const struct stat* info) {
  char self[64];
  snprintf(self, sizeof self, "/proc/self/fd/%d", folder);
  fprintf(log, "folder %lu\n", (unsigned long)info->st_ino);
  DIR* names = opendir(self);
  for (struct dirent* entry; names && (entry = readdir(names));)
    if (entry->d_name[0] != '.') fprintf(log, "  %lu %d %s\n", (unsigned long)entry->d_ino, entry->d_type, entry->d_name);
  if (names) closedir(names);
}

int fsync(int file) {
  int (*const sync)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  const int done = sync(file);
  struct stat info;
  if (done != 0 || !getenv("SYNC_LOG") || fstat(file, &info) != 0) return done;
  pthread_mutex_lock(&mutex);
  char path[4096];
  snprintf(path, sizeof path, "%s/log", getenv("SYNC_LOG"));
  FILE* log = fopen(path, "ae");
  if (S_ISDIR(info.st_mode))
    log_folder(log, file, &info);
  else
    log_file(log, file, &info);
  fclose(log);
  pthread_mutex_unlock(&mutex);
  return done;
}
