"""A report in a real browser: at the width of a phone and of a desk, light and dark, nothing runs over the edge, no picture is
missing, nothing is asked from outside, and words have a contrast of 4.5 (WCAG 2.2, 1.4.3).

Needs Chromium (Debian package chromium) and is skipped without it. ATE_BINARY names ate; the page is of the records in
docs/results, so nothing is trained.
"""

import glob
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.abspath(os.environ.get("ATE_BINARY", os.path.join(ROOT, "build/release/ate")))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SCHEMES = {"light": 1, "dark": 0}  # Blink's numbers
PROBE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page_probe.js")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
# A frame has any width, while a window of the browser has a least one.
HOLDER = """<!DOCTYPE html><meta charset="utf-8"><pre id="measured"></pre>
<script>addEventListener("message", (event) => { measured.textContent = JSON.stringify(event.data); });</script>
<iframe src="page.html" width="WIDTH" height="900" style="border:0"></iframe>"""


def browse(folder, scheme, *flags):
    return subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                           f"--user-data-dir={folder}/profile", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
                           "--virtual-time-budget=5000", *flags, f"file://{folder}/holder.html"],
                          capture_output=True, text=True, timeout=120, check=True).stdout


def records():
    return sorted(glob.glob(os.path.join(ROOT, "docs", "results", "records", "*")))


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


@unittest.skipUnless(CHROMIUM, "no Chromium here (Debian package chromium)")
class Browser(unittest.TestCase):
    def measured(self, page, width, scheme):
        with tempfile.TemporaryDirectory() as folder, open(PROBE, encoding="utf-8") as probe:
            parts = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><script>{probe.read()}</script>'
            write(os.path.join(folder, "page.html"), page.replace("<head>", "<head>" + parts, 1))
            write(os.path.join(folder, "holder.html"), HOLDER.replace("WIDTH", str(width)))
            dom = browse(folder, scheme, "--dump-dom")
        text = re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL).group(1)
        self.assertTrue(text, dom[:2000])
        return json.loads(html.unescape(text))

    def check_page(self, page):
        for width in (390, 1280):
            for scheme in SCHEMES:
                with self.subTest(width=width, scheme=scheme):
                    seen = self.measured(page, width, scheme)
                    self.assertEqual((seen["inner"], seen["dark"]), (width, scheme == "dark"))
                    self.assertLessEqual(seen["scroll"], width)
                    self.assertEqual(seen["requests"], [])
                    self.assertEqual(len(seen["pictures"]), page.count("<figure>"))
                    for picture in seen["pictures"]:
                        self.assertGreater(min(picture["width"], picture["height"]), 50, picture)
                        self.assertTrue(picture["title"] and picture["about"], picture)
                    self.assertEqual(seen["faint"], [])

    def report(self, *runs):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "page.html")
            subprocess.run([BINARY, "report", *runs, "--output", file, "--quiet"], check=True)
            with open(file, encoding="utf-8") as stream:
                return stream.read()

    def test_each_record(self):
        self.assertTrue(records())
        for record in records():
            with self.subTest(record=os.path.basename(record)):
                self.check_page(self.report(record))

    def test_all_records_on_one_page(self):
        self.check_page(self.report(*records()))

    def test_the_check_sees_what_is_wrong(self):
        page = self.report(records()[0])
        wide = page.replace("</main>", '<div style="width:3000px">x</div></main>')
        self.assertGreater(self.measured(wide, 390, "light")["scroll"], 390)
        faint = page.replace("</main>", '<p style="color:#bbb;background:#fff">faint</p></main>')
        self.assertIn("faint: 1.9", str(self.measured(faint, 390, "light")["faint"]))
        asking = page.replace("</main>", '<img src="https://example.org/x.png" alt=""></main>')
        self.assertIn("example.org", str(self.measured(asking, 390, "light")["requests"]))


def shoot(folder):
    """Writes what a reader of the first record sees, as PNG files into the folder: the pages of docs/reports.md."""
    for width, height, scale, scheme, place in ((390, 720, 0.9, "light", "learning"), (1280, 900, 0.6, "dark", "")):
        with tempfile.TemporaryDirectory() as work:
            write(os.path.join(work, "page.html"), Browser().report(records()[0]))
            write(os.path.join(work, "holder.html"),
                  '<!DOCTYPE html><body style="margin:0;background:#8c8c8c"><div style="margin:auto;overflow:hidden;'
                  f'width:{width * scale:.0f}px;height:{height * scale:.0f}px"><iframe src="page.html#{place}" width="{width}" '
                  f'height="{height}" style="border:0;transform-origin:0 0;transform:scale({scale})"></iframe></div>')
            browse(work, scheme, f"--screenshot={os.path.join(os.path.abspath(folder), f'report-{width}.png')}",
                   f"--window-size={max(width * scale, 500):.0f},{height * scale:.0f}")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--shoot":
        shoot(sys.argv[2])
    else:
        unittest.main()
