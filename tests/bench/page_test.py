"""What ./dev bench writes of its figures, and the page that it has written."""

import json
import pathlib
import sys
import tempfile
import unittest

import bench
import plots
import report
import results
import targets
from made_up import CPU_US, made_up
from results import Results


class Page(unittest.TestCase):
    def test_numbers(self):
        self.assertEqual([report.rate(value) for value in (None, 7.26, 734, 73_262, 1_234_567)],
                         ["–", "7", "734", "73,300", "1,230,000"])
        self.assertEqual([report.size(value) for value in (64, 1024, 16384, 1 << 20)],
                         ["64 B", "1 KiB", "16 KiB", "1 MiB"])

    def test_table(self):
        self.assertEqual(report.table(["a", "b"], [["x", 1], ["y", 2]]),
                         "| a | b |\n| --- | --: |\n| x | 1 |\n| y | 2 |")

    def test_every_block_is_written_whole(self):
        made = Results(made_up(CPU_US))
        for name, block in report.BLOCKS.items():
            with self.subTest(name=name):
                text = block(made)
                if name != "targets":
                    self.assertNotIn("–", text)
                columns = {len(line.split("|")) for part in text.split("\n\n")
                           for line in part.split("\n") if line.startswith("|")}
                self.assertLessEqual(len(columns), 2, text)

    def test_the_median_of_the_rounds_is_judged(self):
        target = targets.Target("CPU", targets.AT_MOST, 1.12, [1.3, 1.1, 0.9])
        self.assertEqual((report.measured(target), report.spread(target.measured), target.verdict()),
                         ("1.100", "0.90 to 1.30", "reached"))
        self.assertEqual(report.spread([0.9, None, 1.25]), "0.90 to 1.25")
        self.assertEqual(report.spread([0.9, None]), "–")

    def test_what_falls_short_is_said(self):
        text = report.targets_block(Results(made_up({**CPU_US, "cubbyd": 12})))
        self.assertIn("floor's, one at a time | at most 1.12 | 1.200 | 1.20 to 1.20 | **missed** |", text)
        self.assertRegex(text, r"^\d+ of 18 targets are reached, [1-9]\d* missed, 1 not measured\.")

    def test_wrong_answers_are_said(self):
        data = made_up(CPU_US)
        self.assertIn("Every request of every run was", report.targets_block(Results(data)))
        data["comparisons"]["http"][1]["samples"][0][results.ERRORS] = 7
        text = report.targets_block(Results(data))
        self.assertIn("7 of cubbyd (http)", text)
        self.assertIn("floor's, one at a time | at most 1.12 | 1.100 | 1.10 to 1.10 | **errors** |",
                      text)
        self.assertIn(", 2 not judged, for errors or missing rounds.", text)

    def test_gaps_are_said(self):
        data = made_up(CPU_US)
        data["comparisons"]["http"][1]["samples"][1] = None
        data["in_process"][0]["samples"][1] = None
        text = report.targets_block(Results(data))
        self.assertIn("could not be measured: 1 of cubbyd (http), 1 of cubby/get (peers_bench).",
                      text)
        self.assertIn("LevelDB's, one thread | at least 1.6 | 1.600 | – | **incomplete** |", text)

    def test_what_was_not_measured_is_written_as_such(self):
        data = made_up(CPU_US)
        data.update({"idle": None, "in_process": None, "instructions": None, "comparisons": {}})
        self.assertIn("0 of 18 targets are reached, 0 missed, 18 not measured.",
                      report.targets_block(Results(data)))
        for block in report.BLOCKS.values():
            self.assertIsInstance(block(Results(data)), str)

    def test_the_builds_are_told_apart(self):
        data = made_up(CPU_US)
        text = report.builds_block(Results(data))
        self.assertIn("**cubbyd**, `./dev tuned` | 11.00 | 1.10 ", text)
        self.assertIn("without a profile, `./dev build` | 11.50 | 1.15 ", text)
        self.assertIn("cubbyd is what `./dev tuned` builds", report.machine_block(Results(data)))
        data["build"] = "plain"
        self.assertIn("cubbyd is what `./dev build` builds", report.machine_block(Results(data)))

    def test_parts_that_were_measured_by_themselves_say_so(self):
        figures, later = made_up(CPU_US), made_up({**CPU_US, "nginx": 99})
        later.update({"date": "2020-03-03", "idle": {"connections": 7, "bytes": 70}})
        data = bench.updated(figures, later, ["close", "idle"])
        self.assertEqual(data["comparisons"]["close"], later["comparisons"]["close"])
        self.assertEqual(data["comparisons"]["http"], figures["comparisons"]["http"])
        self.assertEqual(data["idle"], later["idle"])
        self.assertNotIn("updates", figures)
        page = "".join(f"<!-- bench: {name} -->\n<!-- /bench -->\n" for name in ("close", "http"))
        text = report.put_into(page, Results(data))
        self.assertEqual(text.count("Measured by itself: 2020-03-03, cubby 0.1.0 (abc), `./dev tuned`."), 1)
        self.assertLess(text.index("Measured by itself"), text.index("<!-- bench: http"))

    def test_in_process_figures_have_a_spread(self):
        text = report.in_process_block(Results(made_up(CPU_US)))
        self.assertIn("read_put/small | 1 | 1,100 MB/s | 1,000 to 3,000 |", text)
        self.assertIn("| GET, **cubby** | 3.20 | 1.60 | 1.60 to 1.60 | 6.40 | 1.60 "
                      "| 1.60 to 1.60 | 2.00 | 2.00 to 2.00 |", text)

    def test_the_columns_of_plots(self):
        made = Results(made_up(CPU_US))
        with tempfile.TemporaryDirectory() as scratch:
            for name, columns in plots.PLOTS.items():
                with self.subTest(name=name):
                    file = pathlib.Path(scratch, name)
                    plots.write_columns(file, columns(made))
                    lines = file.read_text(encoding="utf-8").splitlines()
                    self.assertTrue(lines)
                    self.assertEqual(len({len(line.split()) for line in lines}), 1)

    def test_this_page_is_what_its_figures_give(self):
        page = bench.PAGE.read_text(encoding="utf-8")
        self.assertEqual(sorted(report.blocks_in(page)), sorted(report.BLOCKS))
        figures = None
        if bench.FIGURES.exists():
            figures = Results(json.loads(bench.FIGURES.read_text(encoding="utf-8")))
        self.assertEqual(report.put_into(page, figures), page, "./dev bench --render mends it")


if __name__ == "__main__":
    sys.exit(unittest.main())
