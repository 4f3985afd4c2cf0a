"""config list, show, diff, schema: what will run, and where each setting came from."""

import csv
import io
import json
import os
import re
import unittest

from harness import Case, read_bytes, run

PRESETS = ["focused", "medium", "long", "definitive", "sparse", "sparse-frontier", "demo", "nanogpt-shakespeare-char-cpu", "zoology-mqar"]


class Config(Case):
    def config(self, *args):
        outcome = run("config", *args, cwd=self.folder)
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        return outcome.out

    def show(self, *args):
        return json.loads(self.config("show", *args, "--format", "json"))

    def test_list(self):
        listed = json.loads(self.config("list", "--format", "json"))["presets"]
        self.assertEqual([p["name"] for p in listed], PRESETS)
        text = self.config("list")
        for preset in listed:
            self.assertIn(preset["name"], text)
            self.assertIn(preset["description"], text)

    def test_origins(self):
        path = self.write("mine.json", {"windows": {"length": 8}, "body": {"width": 32},
                                        "optimiser": {"learning_rate": 0.01},
                                        "published": {"bands": {"low": 40}}})
        shown = self.show("--preset", "focused", "--config", path, "--mode", "published",
                          "--set", "body.width=48", "--set", "windows.batch=4", "--set", "schedule.epochs=9",
                          "--epochs", "7")
        config, origin = shown["config"], shown["origin"]
        for pointer, value, source in [
            ("/optimiser/beta1", 0.9, "default"),
            ("/body/causal", False, "mode published"),
            ("/evaluation/windows", "sampled", "mode published"),
            ("/source/vocabulary", 200, "preset focused"),
            ("/embedding/tables", "vocabulary", "preset focused, published"),
            ("/windows/length", 8, path),
            ("/optimiser/learning_rate", 0.01, path),
            ("/bands/low", 40, path + ", published"),
            ("/windows/batch", 4, "--set windows.batch=4"),
            ("/body/width", 48, "--set body.width=48"),  # above the file
            ("/schedule/epochs", 7, "--epochs 7"),       # above --set
            ("/mode", "published", "--mode published"),
        ]:
            with self.subTest(pointer=pointer):
                found = config
                for part in pointer.strip("/").split("/"):
                    found = found[part]
                self.assertEqual(found, value)
                self.assertEqual(origin[pointer], source)

    def test_every_setting_has_an_origin(self):
        shown = self.show("--preset", "focused")

        def leaves(value, pointer=""):
            if isinstance(value, dict) and pointer != "/study/tune/axes":  # one setting, whose keys are paths
                return [leaf for k, v in value.items() for leaf in leaves(v, f"{pointer}/{k}")]
            return [pointer]

        self.assertEqual(sorted(leaves(shown["config"])), sorted(shown["origin"]))

    def test_corrected_mode_ignores_published_overlays(self):
        shown = self.show("--preset", "focused")
        self.assertEqual(shown["config"]["mode"], "corrected")
        self.assertTrue(shown["config"]["body"]["causal"])
        self.assertEqual(shown["config"]["embedding"]["tables"], "band")
        self.assertFalse([o for o in shown["origin"].values() if "published" in o])

    def test_later_set_wins(self):
        shown = self.show("--preset", "focused", "--set", "windows.batch=4", "--set", "windows.batch=5")
        self.assertEqual(shown["config"]["windows"]["batch"], 5)

    def test_set_takes_dots_or_slashes_and_json_values(self):
        # Each row is one command line.
        for row in [
            [("windows.batch=4", 4), ("optimiser.kind=adamw", "adamw"), ("study.seeds=0..3", "0..3"),
             ("seed_criteria.settled_within=null", None), ("body.final_norm=true", True)],
            [("/windows/batch=4", 4), ('optimiser.kind="adamw"', "adamw"), ("study.seeds=[3,1]", "3,1"),
             ('study.arms=["bespoke"]', ["bespoke"])],
            [("windows.batch=4e0", 4)],
            [("study.seeds=3", "3")],  # as --seeds 3 is taken
        ]:
            with self.subTest(row=row):
                sets = [word for text, _ in row for word in ("--set", text)]
                outcome = run("config", "show", "--preset", "focused", "--format", "json", *sets)
                self.assertEqual(outcome.code, 0, outcome.err)
                for text, value in row:
                    section, key = re.findall(r"\w+", text)[:2]
                    self.assertEqual(json.loads(outcome.out)["config"][section][key], value)

    def test_shown_config_is_a_config(self):
        """What `config show` prints can be saved and run: it resolves to the same experiment."""
        for preset, mode in zip(PRESETS, ["corrected", "published"] * 2):
            with self.subTest(preset=preset, mode=mode):
                shown = self.show("--preset", preset, "--mode", mode)["config"]
                path = self.write("shown.json", shown)
                self.assertEqual(self.show("--config", path)["config"], shown)

    def test_shown_values_can_be_set(self):
        """Each value that `config show` prints in a table row is one that --set takes back."""
        rows = csv.DictReader(io.StringIO(self.config("show", "--preset", "focused", "--format", "csv"), newline=""))
        sets = []
        for row in rows:
            if row["value"] not in ("", "-"):
                sets += ["--set", f"{row['setting']}={row['value']}"]
        outcome = run("config", "show", "--preset", "focused", "--format", "json", *sets)
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        self.assertEqual(json.loads(outcome.out)["config"], self.show("--preset", "focused")["config"])

    def test_file_without_preset(self):
        shown = self.show("--config", self.write("mine.json", {}))
        self.assertEqual(shown["config"]["name"], "mine")

    def test_show_formats(self):
        flags = ["show", "--preset", "focused", "--format"]
        table = self.config(*flags, "table")
        self.assertRegex(table, r"(?m)^\s*windows\.length\s+16\s+preset focused$")
        rows = list(csv.DictReader(io.StringIO(self.config(*flags, "csv"), newline="")))
        self.assertIn({"setting": "windows.length", "value": "16", "origin": "preset focused"}, rows)
        lines = [json.loads(line) for line in self.config(*flags, "jsonl").splitlines()]
        self.assertEqual(len(lines), len(rows))
        self.assertRegex(self.config(*flags, "md"), r"(?m)^\| windows\.length \|")

    def test_diff(self):
        found = json.loads(self.config("diff", "focused", "medium", "--format", "json"))["differences"]
        by_setting = {d["setting"]: (d["left"], d["right"]) for d in found}
        self.assertEqual(by_setting["windows.length"], (16, 32))
        self.assertEqual(by_setting["body.kind"], ("bag", "encoder"))
        self.assertNotIn("mode", by_setting)
        for left, right in by_setting.values():
            self.assertNotEqual(left, right)
        self.assertRegex(self.config("diff", "focused", "medium"), r"windows\.length\s+16\s+32")

    def test_diff_of_equals_is_empty(self):
        found = json.loads(self.config("diff", "long", "long", "--format", "json"))
        self.assertEqual(found, {"differences": []})

    def test_diff_preset_against_file(self):
        path = self.write("mine.json", self.show("--preset", "focused", "--set", "windows.length=8")["config"])
        found = json.loads(self.config("diff", "focused", path, "--format", "json"))["differences"]
        self.assertEqual(found, [{"setting": "windows.length", "left": 16, "right": 8}])

    def test_schema(self):
        schema = json.loads(self.config("schema"))
        self.assertIn("json-schema.org", schema["$schema"])
        properties = schema["properties"]
        self.assertIn("$schema", properties)
        self.assertIn("published", properties)
        config = self.show("--preset", "focused")["config"]
        for name, value in config.items():
            self.assertIn(name, properties)
            if isinstance(value, dict):
                self.assertEqual(sorted(properties[name]["properties"]), sorted(value))
                self.assertFalse(properties[name]["additionalProperties"])
        vocabulary = properties["source"]["properties"]["vocabulary"]
        self.assertEqual((vocabulary["type"], vocabulary["minimum"]), ("integer", 2))
        self.assertEqual(properties["mode"]["enum"], ["corrected", "published"])

    def test_stored_schema_is_the_printed_one(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
        self.assertEqual(read_bytes(os.path.join(root, "configs", "schema.json")).decode(), self.config("schema"),
                         "configs/schema.json is out of date: ate config schema > configs/schema.json")

    def test_stored_reference_is_the_printed_one(self):
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        self.assertEqual(read_bytes(os.path.join(root, "docs", "reference.md")).decode(), self.config("reference"),
                         "docs/reference.md is out of date: ate config reference > docs/reference.md")

    def test_reference_has_every_setting_with_its_default(self):
        page = self.config("reference")
        defaults = {}

        def collect(properties, before):
            for name, entry in properties.items():
                if "properties" in entry:
                    collect(entry["properties"], before + name + ".")
                elif "default" in entry:
                    defaults[before + name] = json.dumps(entry["default"])

        properties = json.loads(self.config("schema"))["properties"]
        collect({name: entry for name, entry in properties.items() if name != "published"}, "")
        rows = re.findall(r"(?m)^\| `([\w.]+)` \| `(.*?)` \| (.+?) \| .{4,} \|$", page)
        self.assertEqual(sorted(row[0] for row in rows), sorted(defaults))
        self.assertGreater(len(rows), 100)
        for path, default, _ in rows:
            with self.subTest(path):
                self.assertEqual(json.loads(default), json.loads(defaults[path]))
        values = {row[0]: row[2] for row in rows}
        self.assertEqual(values["optimiser.learning_rate"], "number, above 0")
        self.assertEqual(values["body.norm"], "one of `post`, `pre`")
        self.assertEqual(values["source.order"], "whole number, 1 to 2")

    def test_schema_key_in_a_file(self):
        plain = self.show("--config", self.write("c.json", {"windows": {"length": 8}}))
        marked = self.show("--config", self.write("c.json", {"$schema": "../schema.json", "windows": {"length": 8}}))
        self.assertEqual(plain, marked)


if __name__ == "__main__":
    unittest.main()
