"""The parts of ./dev bench that measure nothing, and the page that it has written."""

import dataclasses
import io
import json
import pathlib
import sys
import tempfile
import unittest

import bench
import inprocess
import loads
import machine
import measuring
import plots
import report
import results
import targets
from comparisons import all_comparisons
from results import Results

# What a request takes in made-up results, in microseconds, so that each target is met or just not.
CPU_US = {"floor": 10, "cubbyd": 11, "nginx": 12, "redis": 22, "memcached": 15}


def made_up(cpu_us):
    """The results of a quick run in which each kind of server has always used the same CPU."""
    comparisons = {}
    for comparison in all_comparisons(quick=True):
        comparisons[comparison.name] = [
            {"server": dataclasses.asdict(cell.spec), "load": dataclasses.asdict(cell.load),
             "samples": [[1e6 / cpu_us[cell.spec.kind], cpu_us[cell.spec.kind], 0]]}
            for cell in comparison.cells]
    return {
        "date": "2020-02-02", "minutes": 3, "comparisons": comparisons,
        "machine": {"cpu": "CPU", "cores": 2, "memory_gb": 8, "kernel": "Linux 6.1",
                    "system": "Debian", "versions": {"cubby": "0.1.0 (abc)"}},
        "idle": {"connections": 10_000, "before_bytes": 1, "bytes": 20_000_000},
        "in_process": [
            {"program": "peers_bench", "name": f"{peer}/{work}", "threads": threads,
             "items_per_second": speed * 1e6 * threads, "bytes_per_second": None}
            for peer, work, speed in (("cubby", "get", 3.2), ("cubby", "put", 2.0),
                                      ("leveldb", "get", 2.0), ("leveldb", "put", 1.0))
            for threads in (1, 2)],
        "instructions": {"GET": 4321.4, "PUT": 6543.2},
    }


class Figures(unittest.TestCase):
    def test_a_ratio_is_that_of_the_same_round(self):
        # Slower and slower, both of them: the ratio of the medians would be 12 / 20.
        mine = {"samples": [[1, 10, 0], [1, 12, 0], [1, 90, 0]]}
        other = {"samples": [[1, 20, 0], [1, 20, 0], [1, 180, 0]]}
        self.assertEqual(results.ratio(mine, other), 0.5)
        self.assertIsNone(results.ratio(None, other))
        self.assertIsNone(results.ratio(mine, None))

    def test_middle(self):
        row = {"samples": [[100, 9, 0], [300, 1, 0], [200, 5, 0]]}
        self.assertEqual(results.middle(row), 5)
        self.assertEqual(results.middle(row, results.RATE), 200)
        self.assertIsNone(results.middle(None))

    def test_a_target_is_judged_at_its_bound(self):
        for relation, value, verdict in [
            (targets.AT_MOST, 1.5, "reached"), (targets.AT_MOST, 1.501, "**missed**"),
            (targets.AT_LEAST, 1.5, "reached"), (targets.AT_LEAST, 1.499, "**missed**"),
            (targets.BELOW, 1.5, "**missed**"), (targets.BELOW, 1.499, "reached"),
            (targets.AT_MOST, None, "not measured"),
        ]:
            with self.subTest(relation=relation, value=value):
                measured = targets.single(value)
                self.assertEqual(targets.Target("", relation, 1.5, measured).verdict(), verdict)

    def test_targets(self):
        found = {target.what: target for target in targets.all_targets(Results(made_up(CPU_US)))}
        for what, value in [
            ("CPU a request to floor's, one at a time", 1.1),
            ("CPU a request to nginx's, one at a time", 11 / 12),
            ("Redis's CPU a GET to ours, 16 pipelined", 2),
            ("two workers' CPU a request to one's, 16 pipelined", 1),
            ("a connection a request, requests a second to nginx's", 12 / 11),
            ("10,000 idle connections", 20),
            ("GETs a second in-process to LevelDB's, one thread", 1.6),
            ("PUTs a second in-process, two threads to one", 2),
        ]:
            with self.subTest(what=what):
                self.assertAlmostEqual(found[what].value(), value)
                self.assertEqual(found[what].verdict(), "reached")
        # A quick run does not go that far.
        entries = found["10 million entries, CPU a GET to that of 10 thousand"]
        self.assertEqual(entries.verdict(), "not measured")


class Outputs(unittest.TestCase):
    def test_what_a_load_says(self):
        output = "ready\nrequests=1200 errors=3 seconds=2.500000\n"
        self.assertEqual(loads.parse_outcome(output), loads.Outcome(1200, 3, 2.5))
        with self.assertRaisesRegex(RuntimeError, "unable to connect"):
            loads.parse_outcome("unable to connect\n")

    def test_a_sample(self):
        self.assertEqual(measuring.sample_of(loads.Outcome(1000, 2, 4.0), 8000), [250, 8, 2])
        with self.assertRaises(RuntimeError):
            measuring.sample_of(loads.Outcome(0, 0, 4.0), 8000)

    def test_google_benchmark(self):
        run = {"run_name": "cubby/get/real_time/threads:2", "threads": 2, "items_per_second": 5.0,
               "family_index": 0, "per_family_instance_index": 1}
        first = {"run_name": "cubby/get/real_time/threads:1", "threads": 1, "items_per_second": 4.0,
                 "family_index": 0, "per_family_instance_index": 0}
        rows = inprocess.parse_benchmarks({"benchmarks": [
            {**run, "run_type": "iteration"},
            {**run, "aggregate_name": "mean", "items_per_second": 6.0},
            {**run, "aggregate_name": "median", "items_per_second": 7.0},
            {**run, "run_name": "failed", "error_occurred": True},
            {**first, "aggregate_name": "median"},
        ]})
        self.assertEqual([(row["name"], row["threads"], row["items_per_second"]) for row in rows],
                         [("cubby/get", 1, 4.0), ("cubby/get", 2, 7.0)])

    def test_google_benchmark_without_repetitions(self):
        rows = inprocess.parse_benchmarks({"benchmarks": [
            {"run_name": "read_put/small", "run_type": "iteration", "bytes_per_second": 5.0,
             "family_index": 0, "per_family_instance_index": 0}]})
        self.assertEqual(rows, [{"name": "read_put/small", "threads": 1, "items_per_second": None,
                                 "bytes_per_second": 5.0}])

    def test_callgrind(self):
        output = "==7== Events    : Ir\n==7== Collected : 1234\n"
        self.assertEqual(inprocess.parse_collected(output), 1234)
        with self.assertRaises(RuntimeError):
            inprocess.parse_collected("valgrind: no")

    def test_versions(self):
        for text, version in [("Redis server v=7.0.15 sha=0", "7.0.15"), ("1.23-4", "1.23"),
                              ("6.1.0-18-amd64", "6.1.0"), ("", "?")]:
            self.assertEqual(machine.version_in(text), version)


class Plan(unittest.TestCase):
    def test_cpus(self):
        for count, one, two in [
            (1, ({0}, {0}), ({0}, {0})),
            (2, ({0}, {1}), ({0, 1}, {1})),
            (3, ({0}, {1}), ({0, 1}, {2})),
            (8, ({0}, {1}), ({0, 1}, {2})),
        ]:
            with self.subTest(count=count):
                self.assertEqual(measuring.split_cpus(range(count)), (one, two))

    def test_progress_ends_at_nothing_left(self):
        stream = io.StringIO()
        progress = measuring.Progress(75, stream)
        progress.say("part", "one")
        progress.say("part", "two")
        progress.done(80)
        progress.say("last", "three")
        self.assertEqual(stream.getvalue(), "  1:15 left  part: one\n  0:00 left  last: three\n")

    def test_how_long_it_takes(self):
        self.assertLess(bench.plan(quick=True, only=None).seconds, 3 * 60)
        self.assertLess(bench.plan(quick=False, only=None).seconds, 45 * 60)
        self.assertEqual(bench.plan(quick=True, only=["idle"]).comparisons, [])


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
        self.assertEqual((report.measured(target), report.spread(target), target.verdict()),
                         ("1.100", "0.90 to 1.30", "reached"))

    def test_what_falls_short_is_said(self):
        text = report.targets_block(Results(made_up({**CPU_US, "cubbyd": 12})))
        self.assertIn("floor's, one at a time | at most 1.12 | 1.200 |  | **missed** |", text)
        self.assertRegex(text, r"^\d+ of 16 targets are reached, [1-9]\d* missed, 1 not measured\.")

    def test_wrong_answers_are_said(self):
        data = made_up(CPU_US)
        self.assertIn("Every request of every run was", report.targets_block(Results(data)))
        data["comparisons"]["http"][1]["samples"][0][results.ERRORS] = 7
        self.assertIn("7 of cubbyd (http)", report.targets_block(Results(data)))

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
