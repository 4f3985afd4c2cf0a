"""What is printed and how: one table or all, names that users choose, readers that leave."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import unittest

from harness import BINARY, FOCUSED, TIMEOUT, Case, Run, environment, reference_run, run, side_by_side

SECTIONS = ["crossovers", "keys", "terms", "complexity", "amdahl", "memory"]


def csv_rows(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def printed(*command):
    outcome = run(*command)
    if outcome.code != 0:
        raise AssertionError(outcome.err)
    return outcome.out


class Tables(Case):
    def test_a_section_that_is_asked_for_is_what_csv_holds(self):
        for section in SECTIONS:
            rows = csv_rows(printed("compute-analysis", "--d", "512", "--T", "1k,2k", "--show", section, "--format", "csv"))
            document = json.loads(printed("compute-analysis", "--d", "512", "--T", "1k,2k", "--format", "json"))
            with self.subTest(section=section):
                self.assertEqual(list(rows[0]), list(document[section][0]))
                self.assertEqual(len(rows), len(document[section]))

    def test_table_chooses(self):
        everything = [json.loads(line) for line in printed("compute-analysis", "--show", "all", "--format",
                                                           "jsonl").splitlines()]
        for name in ["rows", *SECTIONS]:
            lines = [json.loads(line) for line in printed("compute-analysis", "--table", name, "--format",
                                                          "jsonl").splitlines()]
            self.assertEqual(lines, [line for line in everything if line["table"] == name])
            rows = csv_rows(printed("compute-analysis", "--table", name, "--format", "csv"))
            self.assertEqual(len(rows), len(lines))
        text = printed("compute-analysis", "--table", "memory")
        self.assertIn("sparse as arrays", text)
        self.assertNotIn("printed", text.split("\n- ")[0])

    def test_csv_says_what_it_leaves_out(self):
        outcome = run("compute-analysis", "--format", "csv")
        self.assertRegex(outcome.err, r"csv holds the table rows; --table gives another: crossovers\n$")
        self.assertEqual(run("compute-analysis", "--format", "csv", "-q").err, "")
        self.assertEqual(run("config", "list", "--format", "csv").err, "")

    def test_refused(self):
        rows = [
            ("compute-analysis --format csv --show terms,keys", r"--format csv: holds one table, and terms, keys were "
                                                                r"asked for: name one with --table$"),
            ("compute-analysis --format csv --table terms,keys", r"--table terms,keys: csv holds one table: name one$"),
            ("compute-analysis --table term", r'--table term: expected a list of rows, .*did you mean "terms"'),
            ("compute-analysis --format json --table terms", r"--table terms: json holds the whole document"),
            ("gpt4-analysis --table arms", r"--table arms: expected a list of rows, corrected, memory or sensitivity"),
            ("audit --list --table claims", r"--table: unknown flag"),
        ]
        for (command, line), outcome in side_by_side(lambda command, _: run(*command.split()), rows):
            with self.subTest(command=command):
                self.assert_error(outcome, 2, line)

    def test_a_table_that_this_report_has_not(self):
        run_files = reference_run(FOCUSED)
        outcome = run(*FOCUSED, "--out", run_files.out, "--table", "loss_by_position", "-q")
        self.assert_error(outcome, 2, r"--table loss_by_position: this report has no such table; it has arms, losses, ")

    def test_every_trial_as_rows(self):
        out = reference_run(FOCUSED).out
        trials = json.loads(printed(*FOCUSED, "--out", out, "-q", "--format", "json"))["trials"]
        rows = csv_rows(printed(*FOCUSED, "--out", out, "-q", "--format", "csv", "--table", "trials"))
        self.assertEqual([(r["arm"], int(r["seed"]), float(r["val_loss"]), float(r["excess"])) for r in rows],
                         [(t["arm"], t["seed"], t["val_loss"], t["excess"]) for t in trials])
        lines = [json.loads(l) for l in printed(*FOCUSED, "--out", out, "-q", "--format", "jsonl").splitlines()]
        self.assertEqual(sum(line["table"] == "trials" for line in lines), len(trials))
        self.assertNotIn("Every seed of every arm", printed(*FOCUSED, "--out", out, "-q"))
        self.assertIn("Every seed of every arm", printed(*FOCUSED, "--out", out, "-q", "--table", "trials"))

    def test_every_name_that_table_takes_is_there_for_the_asking(self):
        text = " ".join(printed("compute-analysis", "--help").split())
        names = re.search(r"These tables alone, of ([a-z0-9_, ]+);", text).group(1).split(", ")
        self.assertEqual(names, ["rows", *SECTIONS, "roofline", "measured"])
        text = " ".join(printed("gpt4-analysis", "--help").split())
        names = re.search(r"These tables alone, of ([a-z0-9_, ]+);", text).group(1).split(", ")
        lines = [json.loads(line)["table"] for line in printed("gpt4-analysis", "--format", "jsonl").splitlines()]
        self.assertEqual(names, list(dict.fromkeys(lines)))


class Evidence(Case):
    def test_a_row_says_what_made_it(self):
        flags = ["--d", "512", "--T", "1k", "--kv-heads", "2", "--scope", "layer", "--pass", "both", "--batch", "3",
                 "--dtype", "bf16", "--causal", "false", "--feedforward", "3"]
        document = json.loads(printed("compute-analysis", *flags, "--format", "json"))
        for row in document["rows"]:
            self.assertEqual((row["k"], row["hidden"], row["head_size"], row["kv_heads"], row["batch"], row["dtype"]),
                             (8, 128, 64, 2, 3, "bf16"))
        by = {row["accounting"]: row for row in document["rows"]}
        found = {name: (row["scope"], row["pass"], row["causal"], row["sequences"]) for name, row in by.items()}
        # The authors' formulas know of no scope, pass or mask: the row says what they count.
        self.assertEqual(found, {"published": ("attention", "forward", False, 1),
                                 "detailed": ("attention and projections", "forward", False, 1),
                                 "corrected": ("layer", "both", False, 1)})
        for section in SECTIONS:
            for row in document[section]:
                for field in ("kv_heads", "batch", "causal", "pass", "scope", "dtype", "feedforward"):
                    self.assertIn(field, row, section)
        self.assertEqual(document["memory"][0]["sequences"], 3)
        rows = csv_rows(printed("compute-analysis", *flags, "--format", "csv"))
        self.assertEqual([r["scope"] for r in rows], [r["scope"] for r in document["rows"]])
        line = json.loads(printed("compute-analysis", *flags, "--format", "jsonl").splitlines()[0])
        self.assertEqual(line["kv_heads"], 2)

    def test_people_read_it_once(self):
        text = printed("compute-analysis", "--d", "512", "--T", "1k", "--kv-heads", "2", "--show", "all")
        self.assertNotIn("kv_heads", text)
        self.assertIn("2 key-value heads", text)

    def test_gpt4_rows(self):
        document = json.loads(printed("gpt4-analysis", "--assume", "layers=7,batch=3", "--format", "json"))
        for table in ("rows", "corrected", "memory"):
            for row in document[table]:
                self.assertEqual((row["layers"], row["batch"], row["d"], row["heads"]), (7, 3, 16384, 128), table)

    def test_one_head_that_attends(self):
        text = " ".join(printed("compute-analysis", "--d", "128", "--T", "1k", "--heads", "2").split())
        self.assertIn("1 head that attends to 8 keys", text)
        text = " ".join(printed("compute-analysis", "--d", "128", "--T", "1k", "--heads", "1", "--k", "1").split())
        self.assertIn("0 heads that attend to 1 key ", text)
        self.assertIn("one sparse head against all 1 dense head,", text)


class Names(Case):
    """Files whose names a terminal, a spreadsheet or a Markdown reader would obey."""

    def text_study(self, name, *more):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(b"In the beginning was the word, and the word was in a book of many pages.\n" * 90)
        return run("train", "--preset", "medium", "--device", "cpu", "--epochs", "1", "--set", "source.kind=text",
                   "--set", f"source.file={name}", "--set", "windows.batches_per_epoch=2", "--set", "body.width=16",
                   "--out", self.out, *more, cwd=self.folder)

    def test_no_format_passes_an_escape_on(self):
        for form in ("table", "md", "csv", "json", "jsonl"):
            outcome = self.text_study("book\x1b[31m|<b>.txt", "--format", form, "-v")
            with self.subTest(form=form):
                self.assertEqual(outcome.code, 0, outcome.err)
                self.assertNotIn("\x1b", outcome.out + outcome.err)
        self.assertIn(r"book\\x1b\[31m\|\<b>.txt", self.text_study("book\x1b[31m|<b>.txt", "--format", "md").out)

    def test_errors_pass_none_on(self):
        for words in (["--config", "\x1b[2Jx.json"], ["--preset", "a\x1b[2J"], ["--set", "\x1b[2J=3", "--preset", "medium"],
                      ["--\x1b[2J"], ["--evaluate", "\u202etxt\x1b]0;x\x07"], ["--preset", "medium", "--out", "a\nb\x1b/x"]):
            if words[0] == "--out" or "--out" in words:
                self.write("a\nb\x1b", "a file, where a folder is wanted")
            outcome = run("train", *words, cwd=self.folder)
            with self.subTest(words=words):
                self.assertNotEqual(outcome.code, 0)
                self.assertEqual(len([l for l in outcome.err.splitlines() if l.startswith("ate: ")]), 1)
                for bad in "\x1b\u202e\x07":
                    self.assertNotIn(bad, outcome.err)

    def test_a_name_of_any_bytes_leaves_json_valid(self):
        out = self.out.encode() + b"\xff"
        done = subprocess.run([BINARY, *FOCUSED[:-4], "--seeds", "0", "--device", "cpu", "-q", "--format", "json", "--out",
                               out], env=environment(), stdout=subprocess.PIPE, timeout=TIMEOUT)
        self.assertEqual(done.returncode, 0)
        json.loads(done.stdout)

    def test_pictures_are_named_by_what_can_be_shown(self):
        self.assert_error(run("compute-analysis", "--plot", "a\nb.svg", cwd=self.folder), 2,
                          r"--plot a\\nb\.svg: expected a file name of characters that can be shown$")


class Readers(Case):
    def piped(self, command, lines, both=False):
        """The command's code, its stdout read for some lines only; with `both` stderr goes the same way."""
        process = subprocess.Popen([BINARY, *command], env=environment(), stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT if both else subprocess.PIPE, stdin=subprocess.DEVNULL)
        for _ in range(lines):
            process.stdout.readline()
        process.stdout.close()
        err = b"" if both else process.stderr.read()
        if not both:
            process.stderr.close()
        return process.wait(TIMEOUT), err.decode()

    def test_a_reader_of_everything_that_leaves_stops_no_run(self):
        code, _ = self.piped([*FOCUSED, "--out", self.out], 1, both=True)
        self.assertEqual(code, 141)
        self.assert_same_run(Run(self.out), reference_run(FOCUSED))

    def test_a_reader_of_stdout_that_leaves_is_no_error(self):
        for command in (["compute-analysis", "--d", "64..8k", "--T", "64..128k", "--k", "1", "--show", "all"],
                        ["config", "schema"], ["audit", "--list", "--format", "json"]):
            code, err = self.piped(command, 0)
            self.assertEqual((code, err), (141, ""), command)

    def test_a_reader_of_stderr_that_leaves_changes_nothing(self):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run([BINARY, *FOCUSED, "--out", self.out, "-v"], env=environment(), stdout=subprocess.PIPE,
                              stderr=write, timeout=TIMEOUT)
        os.close(write)
        self.assertEqual(done.returncode, 0)
        self.assertIn("bespoke", done.stdout.decode())
        self.assert_same_run(Run(self.out), reference_run(FOCUSED))


if __name__ == "__main__":
    unittest.main()
