#include "support/files.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <thread>
#include <vector>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;
namespace fs = std::filesystem;

namespace {

size_t files_in(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// While it lives, no file can grow past `bytes`: writing fails with EFBIG, as it fails with ENOSPC on a full
// disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &old_);
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small = {bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit old_ = {};
  void (*old_handler_)(int) = SIG_DFL;
};

}  // namespace

TEST_CASE("writing replaces a file as a whole and leaves nothing else behind", "[support]") {
  const TemporaryFolder folder;
  const std::string binary("a\0b\n\xff", 5);
  write_atomically(folder / "x", "a longer text than the next one");
  write_atomically(folder / "x", binary);
  CHECK(bytes_of_file(folder / "x") == binary);
  write_atomically(folder / "x", "");
  CHECK(bytes_of_file(folder / "x").empty());
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("writing changes the name, not the old file's bytes", "[support]") {
  // Who has the old file open, or linked, goes on reading the old bytes: it was replaced, not overwritten.
  const TemporaryFolder folder;
  write_atomically(folder / "x", "old");
  fs::create_hard_link(folder / "x", folder / "other");
  write_atomically(folder / "x", "new");
  CHECK(bytes_of_file(folder / "other") == "old");
}

TEST_CASE("the previous version is kept under the name asked for", "[support]") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "1", folder / "x.previous");
  CHECK(!fs::exists(folder / "x.previous"));
  write_atomically(folder / "x", "2", folder / "x.previous");
  CHECK(bytes_of_file(folder / "x.previous") == "1");
  write_atomically(folder / "x", "3", folder / "x.previous");
  CHECK(bytes_of_file(folder / "x") == "3");
  CHECK(bytes_of_file(folder / "x.previous") == "2");
  CHECK(files_in(folder.path()) == 2);
}

TEST_CASE("what a killed process left half-written does not stand in the way", "[support]") {
  const TemporaryFolder folder;
  (void)folder.write("x", "1");
  (void)folder.write("x.tmp", "torn, and longer than what comes");
  (void)folder.write("x.previous.tmp", "torn");
  write_atomically(folder / "x", "2", folder / "x.previous");
  CHECK(bytes_of_file(folder / "x") == "2");
  CHECK(bytes_of_file(folder / "x.previous") == "1");
  CHECK(files_in(folder.path()) == 4);  // another process may be writing the two
}

TEST_CASE("several that write one file at a time leave one of their contents, whole", "[support][threads]") {
  const TemporaryFolder folder;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i)
        write_atomically(folder / "x", std::string(10'000 + 1'000 * t, static_cast<char>('a' + t)));
    });
  for (std::thread& thread : threads) thread.join();
  const std::string bytes = bytes_of_file(folder / "x");
  CHECK(bytes.find_first_not_of(bytes[0]) == std::string::npos);
  CHECK(bytes.size() == 10'000 + 1'000 * static_cast<size_t>(bytes[0] - 'a'));
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a full disk leaves the old bytes, no torn file, and an error with path and reason", "[support]") {
  const TemporaryFolder folder;
  write_atomically(folder / "x", "old", folder / "x.previous");
  std::string complaint;
  {
    const FullDisk full(64);
    complaint = complaint_of<Failure>(
        [&] { write_atomically(folder / "x", std::string(1000, 'n'), folder / "x.previous"); });
  }
  CHECK(contains(complaint, (folder / "x").string()));
  CHECK(contains(complaint, "File too large"));
  CHECK(bytes_of_file(folder / "x") == "old");
  CHECK(files_in(folder.path()) == 1);
}

TEST_CASE("a path that cannot be written is refused with path and reason", "[support]") {
  const TemporaryFolder folder;
  const fs::path nowhere = folder / "no" / "x";
  const std::string missing = complaint_of<Failure>([&] { write_atomically(nowhere, "a"); });
  CHECK(contains(missing, nowhere.string()));
  CHECK(contains(missing, "No such file or directory"));

  fs::create_directories(folder / "taken" / "inner");
  const std::string taken = complaint_of<Failure>([&] { write_atomically(folder / "taken", "a"); });
  CHECK(contains(taken, (folder / "taken").string()));
  CHECK(contains(taken, "directory"));
  CHECK(fs::is_directory(folder / "taken"));
}

TEST_CASE("a file is read whole, whatever its bytes", "[support]") {
  const TemporaryFolder folder;
  std::string bytes(100'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 % 256);
  CHECK(read_whole_file(folder.write("x", bytes)) == bytes);
  CHECK(read_whole_file(folder.write("empty", "")).empty());
}

TEST_CASE("a file that cannot be read is named with the reason", "[support]") {
  const TemporaryFolder folder;
  const std::string missing = complaint_of<Failure>([&] { read_whole_file(folder / "missing"); });
  CHECK(contains(missing, (folder / "missing").string()));
  CHECK(contains(missing, "No such file or directory"));
  CHECK(contains(complaint_of<Failure>([&] { read_whole_file(folder.path()); }), folder.path().string()));
}

TEST_CASE("folders are made with their parents, or found again", "[support]") {
  const TemporaryFolder folder;
  make_folders(folder / "a" / "b" / "c");
  CHECK(fs::is_directory(folder / "a" / "b" / "c"));
  make_folders(folder / "a" / "b" / "c");
}

TEST_CASE("a folder is not made over a file", "[support]") {
  const TemporaryFolder folder;
  (void)folder.write("file", "bytes");
  for (const fs::path& path : {folder / "file", folder / "file" / "inner"}) {
    const std::string complaint = complaint_of<Failure>([&] { make_folders(path); });
    CHECK(contains(complaint, path.string()));
    CHECK(contains(complaint, "cannot be made"));
  }
  CHECK(bytes_of_file(folder / "file") == "bytes");
}

TEST_CASE("lines are appended whole, also after reopening", "[support]") {
  const TemporaryFolder folder;
  {
    LineWriter lines(folder / "log");
    lines.append("one");
    CHECK(bytes_of_file(folder / "log") == "one\n");  // at once, not when it closes
    lines.append("");
  }
  LineWriter(folder / "log").append("three");
  CHECK(bytes_of_file(folder / "log") == "one\n\nthree\n");
}

TEST_CASE("a torn last line is cut off, whole lines are kept", "[support]") {
  const TemporaryFolder folder;
  const std::pair<std::string, std::string> cases[] = {
      {"one\ntwo\nto", "one\ntwo\n"}, {"one\ntwo\n", "one\ntwo\n"}, {"torn", ""}, {"", ""}, {"\n\n", "\n\n"}};
  for (const auto& [before, after] : cases) {
    CAPTURE(before);
    (void)folder.write("log", before);
    LineWriter(folder / "log").append("next");
    CHECK(bytes_of_file(folder / "log") == after + "next\n");
  }
}

TEST_CASE("a log that cannot be opened or written is named with the reason", "[support]") {
  const TemporaryFolder folder;
  const std::string missing = complaint_of<Failure>([&] { LineWriter(folder / "no" / "log"); });
  CHECK(contains(missing, (folder / "no" / "log").string()));
  CHECK(contains(missing, "No such file or directory"));

  LineWriter lines(folder / "log");
  std::string complaint;
  {
    const FullDisk full(64);
    complaint = complaint_of<Failure>([&] { lines.append(std::string(100, 'x')); });
  }
  CHECK(contains(complaint, (folder / "log").string()));
  CHECK(contains(complaint, "File too large"));
}
