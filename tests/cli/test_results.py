"""The committed results: pages are what their records give, records are small and hold no weights, and the table of claims says what
the audit says."""

import glob
import json
import os
import re
import unittest

from harness import Case, run

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RESULTS = os.path.join(ROOT, "docs", "results")
RECORDS = sorted(glob.glob(os.path.join(RESULTS, "records", "*")))


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


class Records(Case):
    def test_each_committed_page_is_what_its_record_gives(self):
        pages = {}
        for record in RECORDS:
            with open(os.path.join(record, "config.json"), encoding="utf-8") as file:
                config = json.load(file)
            pages[os.path.join(RESULTS, f"{config['name']}-{config['mode']}.md")] = record
        self.assertEqual(sorted(pages), sorted(glob.glob(os.path.join(RESULTS, "*-corrected.md")) +
                                               glob.glob(os.path.join(RESULTS, "*-published.md"))))
        for page, record in pages.items():
            with self.subTest(page=os.path.basename(page)):
                given = run("report", record, "--format", "md")
                self.assertEqual(given.code, 0, given.err)
                with open(page, encoding="utf-8") as file:
                    self.assertEqual(given.out, file.read())

    def test_a_record_is_small_and_names_no_machine(self):
        for record in RECORDS:
            names = sorted(os.listdir(record))
            self.assertEqual(names, ["config.json", "environment.json", "plan.json", "trials.json"])
            self.assertLess(sum(os.path.getsize(os.path.join(record, name)) for name in names), 200_000)
            with open(os.path.join(record, "environment.json"), encoding="utf-8") as file:
                self.assertNotIn("host", json.load(file))

    def test_records_are_compared(self):
        same = run("compare", RECORDS[0], RECORDS[0], "--format", "json")
        self.assertEqual(same.code, 0, same.err)


class Claims(unittest.TestCase):
    def test_the_table_says_what_the_audit_says(self):
        claims = json.loads(text_of("configs", "claims.json"))["claims"]
        audit = dict(re.findall(r"^  (\w+\.[\w.-]+) +([a-z][a-z ]*?)  ", text_of("docs", "analysis.md"), re.MULTILINE))
        table = dict(re.findall(r"^\| `(\w+\.[\w.-]+)`: [^|]*\| ([^|]*) \|", text_of("docs", "RESULTS.md"), re.MULTILINE))
        self.assertEqual(list(table), [claim["id"] for claim in claims])
        self.assertEqual(table, audit)

    def test_its_numbers_are_in_the_committed_outputs(self):
        outputs = glob.glob(os.path.join(RESULTS, "*.txt")) + glob.glob(os.path.join(RESULTS, "*-*.md"))
        told = "\n".join(text_of("docs", "results", os.path.basename(path)) for path in outputs).replace("|", " ")
        rows = re.findall(r"\| ([+-][\d.]+) \[([+-][\d.]+), ([+-][\d.]+)\] \|", text_of("docs", "RESULTS.md"))
        self.assertGreater(len(rows), 10)
        for row in rows:
            mean, low, high = (re.escape(number.lstrip("+")) for number in row)
            deviation = r"(?:[\d.]+\s+)?"  # a column of ate compare
            self.assertRegex(told, rf"\s{mean}\s+{deviation}{low}\s+{high}\s")


if __name__ == "__main__":
    unittest.main()
