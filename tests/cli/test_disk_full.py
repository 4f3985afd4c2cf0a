"""A full disk and folders that cannot be written: exit code 1, one line; with room again the run goes on."""

import os
import platform
import subprocess
import sys
import unittest

from harness import FOCUSED, Case, Run, read_bytes, reference_run, run, write_bytes

# Ten seeds: about 8 MB of checkpoints.
STUDY = [*FOCUSED[:4], "5", "--seeds", "0..9", "--device", "cpu"]
NO_SPACE = r"^ate: \S+: .*No space left on device$"


class Small(Case):
    """An --out on a tmpfs of a few kilobytes."""

    def setUp(self):
        super().setUp()
        if platform.system() != "Linux":
            self.skipTest("tmpfs is mounted on Linux only")
        if os.geteuid() != 0:
            self.skipTest("mounting a tmpfs takes root")
        self.mount = os.path.join(self.folder, "disk")
        os.mkdir(self.mount)
        self.small = Run(self.mount)

    def limit(self, size, again=False, files=0):
        options = ("remount," if again else "") + f"size={size},nr_inodes={files}"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.mount],
                              stderr=subprocess.PIPE, timeout=60)
        if done.returncode != 0:
            self.skipTest("a tmpfs cannot be mounted here: " + done.stderr.decode().strip())
        if not again:
            self.addCleanup(subprocess.run, ["umount", "-l", self.mount], timeout=60)

    def fill(self, leave):
        """Takes all room but about `leave` bytes."""
        free = os.statvfs(self.mount)
        write_bytes(os.path.join(self.mount, "ballast"), bytes(max(0, free.f_bavail * free.f_frsize - leave)))

    def test_disk_fills_up_while_training(self):
        for jobs in ("1", "2"):
            with self.subTest(jobs=jobs):
                self.setUp()
                self.limit("2m")
                outcome = self.study("--jobs", jobs, study=STUDY, out=self.mount, code=1)
                lines = outcome.err.splitlines()
                self.assertEqual([line for line in lines if line.startswith("ate: ")], lines[-1:], outcome.err)
                self.assertRegex(lines[-1], NO_SPACE)
                self.assertEqual(outcome.out, "")
                self.assertFalse(self.small.has("DONE"))
                kept = self.small.checkpoints()
                self.assertTrue(kept, "what was saved before stays")
                self.limit("64m", again=True)
                resumed = self.study("--jobs", jobs, study=STUDY, out=self.mount)
                self.assertNotIn("0 finished before", resumed.err)
                self.assert_same_run(self.small, reference_run(STUDY))

    def test_every_amount_of_room(self):
        """Wherever the room ends, there is one line, and with more room the same command ends well."""
        for kilobytes in (0, 4, 8, 16, 28, 340):
            with self.subTest(kilobytes=kilobytes):
                self.setUp()
                self.limit("16m")
                self.fill(kilobytes * 1024)
                outcome = self.study("-q", out=self.mount, code=1)
                self.assert_error(outcome, 1, NO_SPACE)
                os.remove(os.path.join(self.mount, "ballast"))
                self.study("-q", out=self.mount)
                self.assert_same_run(self.small, reference_run(FOCUSED))

    def test_every_number_of_files(self):
        """The same where the disk has room, and no more files can be made."""
        for files in (2, 5, 8, 12, 16, 20):
            with self.subTest(files=files):
                self.setUp()
                self.limit("16m", files=files)
                self.assert_error(self.study("-q", out=self.mount, code=1), 1, NO_SPACE)
                self.limit("16m", again=True, files=1000)
                self.study("-q", out=self.mount)
                self.assert_same_run(self.small, reference_run(FOCUSED))

    def test_stored_result_on_a_full_disk(self):
        """A finished run is shown even where nothing can be written, or refused in one line."""
        self.limit("16m")
        first = self.study("-q", out=self.mount)
        self.fill(0)
        outcome = run(*FOCUSED, "-q", "--out", self.mount)
        if outcome.code == 0:
            self.assertEqual(outcome.out, first.out)
        else:
            self.assert_error(outcome, 1, NO_SPACE)
        os.remove(os.path.join(self.mount, "ballast"))
        self.assertEqual(self.study("-q", out=self.mount).out, first.out)

    def test_read_only_disk(self):
        self.limit("4m")
        subprocess.run(["mount", "-o", "remount,ro", self.mount], check=True, timeout=60)
        self.assert_error(run(*FOCUSED, "--out", self.mount), 1, r"^ate: \S+: .*Read-only file system$")
        self.assertEqual(os.listdir(self.mount), [])


class Unwritable(Case):
    def test_file_as_parent(self):
        self.write("file", "content")
        for out in ("file", "file/below"):
            with self.subTest(out=out):
                outcome = run(*FOCUSED, "--out", os.path.join(self.folder, out))
                self.assert_error(outcome, 1, r"^ate: \S+: .*(Not a directory|File exists)")
                self.assertEqual(read_bytes(os.path.join(self.folder, "file")), b"content")

    @unittest.skipUnless(sys.platform == "linux", "needs /proc")
    def test_folder_that_takes_no_folders(self):
        self.assert_error(run(*FOCUSED, "--out", "/proc/self/out"), 1, r"^ate: /proc/self/out\S*: .*made")

    @unittest.skipIf(os.geteuid() == 0, "root may write everywhere")
    def test_folder_without_permission(self):
        os.mkdir(self.out, 0o500)
        self.assert_error(run(*FOCUSED, "--out", self.out), 1, r"Permission denied")

    def test_file_where_a_folder_belongs(self):
        os.makedirs(self.out)
        write_bytes(os.path.join(self.out, "runs"), b"")
        self.assert_error(run(*FOCUSED, "--out", self.out), 1, r"^ate: \S+/runs\S*: ")


if __name__ == "__main__":
    unittest.main()
