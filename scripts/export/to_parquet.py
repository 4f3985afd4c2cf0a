#!/usr/bin/env python3
"""A table of ate as a Parquet file: ate sweep collect DIR --format jsonl | to_parquet.py --to FILE.

Numbers are numbers, and what is missing is null. The columns of ate sweep collect have their types even where they are
empty, so that files of several sweeps can be put together."""

import argparse
import json
import sys

import run_files

# Of ate sweep collect. A setting's column has the narrowest type that holds all its values.
TYPES = {**dict.fromkeys(("sweep", "job", "arm", "status", "baseline", "verdict"), "string"),
         **dict.fromkeys(("seed", "steps", "parameters"), "int64"),
         **dict.fromkeys(("loss", "excess", "accuracy", "seconds", "flops", "difference", "ci95_low", "ci95_high", "p_holm"),
                         "float64")}


def rows_of(lines):
    """The rows of the one table in the lines, without its name."""
    rows, tables = [], set()
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
            tables.add(row.pop("table"))
        except (ValueError, AttributeError, KeyError, TypeError):
            run_files.fail(f"line {number}: is no row of a table: give what ate prints with --format jsonl")
        rows.append(row)
    if not rows:
        run_files.fail("no rows came in: give what ate sweep collect DIR --format jsonl prints")
    if len(tables) > 1:
        run_files.fail(f"has the tables {', '.join(sorted(tables))}: choose one with ate's --table")
    return rows


def type_of(name, values):
    """The Arrow type of a column: int64, float64, bool or string."""
    kinds = {type(value) for value in values if value is not None}
    fits = {"string": {str}, "int64": {int}, "float64": {int, float}, "bool": {bool}}
    if name in TYPES and kinds <= fits[TYPES[name]]:
        return TYPES[name]
    for kind in ("int64", "float64", "bool"):
        if kinds and kinds <= fits[kind]:
            return kind
    return "string"


def cell(value, kind):
    """What is no text in a column of texts stands there as in JSON."""
    return json.dumps(value) if kind == "string" and value is not None and not isinstance(value, str) else value


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", required=True, metavar="FILE", help="the Parquet file to write")
    given = parser.parse_args()
    parquet = run_files.package("pyarrow.parquet")
    arrow = run_files.package("pyarrow")
    rows = rows_of(sys.stdin)
    columns = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        kind = type_of(name, values)
        columns[name] = arrow.array([cell(value, kind) for value in values], arrow.type_for_alias(kind))
    try:
        parquet.write_table(arrow.table(columns), given.to)
    except OSError as error:
        run_files.fail(f"\"{given.to}\": cannot be written: {error}", code=1)
    print(f"{len(rows)} rows in {given.to}")


if __name__ == "__main__":
    main()
