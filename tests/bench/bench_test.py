"""The parts of ./dev bench that measure nothing: its arguments, its plan, and its verdicts."""

import contextlib
import io
import pathlib
import subprocess
import sys
import unittest
import unittest.mock

import bench
import inprocess
import loads
import machine
import measuring
import results
import targets
from comparisons import Cell, all_comparisons
from made_up import CPU_US, made_up
from results import Results
from servers import Places, Spec


class Figures(unittest.TestCase):
    def test_a_ratio_is_that_of_the_same_round(self):
        # Slower and slower, both of them: the ratio of the medians would be 12 / 20.
        mine = {"samples": [[1, 10, 0], [1, 12, 0], [1, 90, 0]]}
        other = {"samples": [[1, 20, 0], [1, 20, 0], [1, 180, 0]]}
        self.assertEqual(results.ratio(mine, other), 0.5)
        self.assertIsNone(results.ratio(None, other))
        self.assertIsNone(results.ratio(mine, None))

    def test_a_round_that_lacks_one_of_two_is_left_out(self):
        mine = {"samples": [[1, 10, 0], None, [1, 30, 0]]}
        other = {"samples": [[1, 20, 0], [1, 1, 0], None]}
        self.assertEqual(results.ratios(mine, other), [0.5])
        self.assertEqual(results.middle(mine), 20)
        self.assertEqual(results.errors_of(mine), 0)
        self.assertEqual(results.quotients([4, None, 6, 8], [2, 3, None, 0]), [2])

    def test_whose_limit_a_rate_is(self):
        for cpu_us, workers, load_is_limit in [(9.1, 1, False), (8.9, 1, True), (17.9, 2, True)]:
            row = {"server": {"workers": workers}, "samples": [[100_000, cpu_us, 0]]}
            self.assertEqual(results.load_is_limit(row), load_is_limit)

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
                measured = [] if value is None else [value]
                self.assertEqual(targets.Target("", relation, 1.5, measured).verdict(), verdict)

    def test_errors_and_gaps_are_not_reached(self):
        good = {"samples": [[1, 10, 0], [1, 10, 0]]}
        for samples, verdict in [
            ([[1, 10, 0], [1, 10, 0]], "reached"),
            ([[1, 10, 0], [1, 10, 1]], "**errors**"),
            ([[1, 10, 0], None], "**incomplete**"),
            ([[1, 10, 0]], "**incomplete**"),
            ([[1, 10, 3], None], "**errors**"),
            ([None, None], "not measured"),
        ]:
            row = {"samples": samples}
            for pair in ((row, good), (good, row)):
                with self.subTest(pair=pair):
                    target = targets.of_rows("", targets.AT_MOST, 1, *pair)
                    self.assertEqual(target.verdict(), verdict)
        self.assertEqual(targets.of_rows("", targets.AT_MOST, 1, good, None).verdict(),
                         "not measured")
        self.assertEqual(targets.of_rates("", 2, [4, 6], [2, 3]).verdict(), "reached")
        self.assertEqual(targets.of_rates("", 2, [4, None], [2, 3]).verdict(), "**incomplete**")
        self.assertEqual(targets.of_rates("", 2, [], []).verdict(), "not measured")

    def test_redis_is_compared_under_the_same_load(self):
        data = made_up(CPU_US)
        for row in data["comparisons"]["http"]:
            if row["server"]["kind"] == "cubbyd":
                for sample in row["samples"]:
                    sample[results.CPU] = 5 if row["load"]["own"] else 80
        found = [target for target in targets.all_targets(Results(data)) if "Redis" in target.what]
        self.assertEqual([(target.value(), target.verdict()) for target in found],
                         [(5 / 22, "reached"), (22 / 5, "reached")])
        self.assertTrue(all("both by our load" in target.what for target in found))

    def test_targets(self):
        found = {target.what: target for target in targets.all_targets(Results(made_up(CPU_US)))}
        for what, value in [
            ("CPU a request to floor's, one at a time", 1.1),
            ("CPU a request to nginx's, one at a time", 11 / 12),
            ("Redis's CPU a GET to ours, 16 pipelined, both by our load", 2),
            ("two workers' CPU a request to one's, 16 pipelined (floor's own: 1.000)", 1),
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
        def run(threads, instance, speed, **others):
            return {"run_name": f"cubby/get/real_time/threads:{threads}", "threads": threads,
                    "run_type": "iteration", "items_per_second": speed, "family_index": 0,
                    "per_family_instance_index": instance, **others}

        failed = run(2, 1, None, error_occurred=True)
        del failed["items_per_second"]
        reports = [{"benchmarks": [run(2, 1, 7.0), run(1, 0, 4.0),
                                   run(2, 1, 9.0, run_type="aggregate")]},
                   {"benchmarks": [run(1, 0, 5.0), failed]}]
        self.assertEqual(inprocess.parse_benchmarks(reports), [
            {"name": "cubby/get", "threads": 1, "unit": "items", "samples": [4.0, 5.0]},
            {"name": "cubby/get", "threads": 2, "unit": "items", "samples": [7.0, None]}])

    def test_google_benchmark_of_bytes(self):
        runs = [{"run_name": "read_put/small", "run_type": "iteration", "bytes_per_second": speed,
                 "family_index": 0, "per_family_instance_index": 0} for speed in (5.0, 6.0)]
        self.assertEqual(inprocess.parse_benchmarks([{"benchmarks": runs}]), [
            {"name": "read_put/small", "threads": 1, "unit": "bytes", "samples": [5.0, 6.0]}])

    def test_what_fails_is_a_gap_and_said(self):
        stream = io.StringIO()
        nowhere = pathlib.Path("/nowhere")
        made = measuring.Bench(Places(nowhere, nowhere, nowhere, nowhere),
                               measuring.Progress(1, stream))
        cell = all_comparisons(quick=True)[0].cells[0]
        with unittest.mock.patch("loads.run", side_effect=RuntimeError("it is gone")):
            self.assertIsNone(made.sample(cell, None, 1, {0}))
        self.assertIn("floor, 10% PUT, wrk: it is gone", stream.getvalue())

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


    def test_one_load_asks_all_that_are_compared(self):
        for comparison in all_comparisons(quick=False):
            for cell in comparison.cells:
                if cell.spec.kind in ("redis", "memcached"):
                    self.assertTrue(cell.load.own)
                    for kind in ("floor", "cubbyd"):
                        self.assertIn(Cell(Spec(kind), cell.load), comparison.cells)

    def test_there_are_rounds_enough_for_a_median(self):
        for comparison in all_comparisons(quick=False):
            self.assertGreaterEqual(comparison.rounds, 5)
        for program in inprocess.PROGRAMS:
            runs, repetitions, _ = program.full
            self.assertGreaterEqual(runs * repetitions, 5)


class Arguments(unittest.TestCase):
    def refused(self, *words):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as ended:
            bench.parse_arguments(words)
        self.assertEqual(ended.exception.code, 2)
        return said.getvalue()

    def test_parts(self):
        for words in (["--only=close,idle"], ["--only", "close,idle"]):
            self.assertEqual(bench.parse_arguments(words).only, ["close", "idle"])
        self.assertTrue(bench.parse_arguments(["--only", "close", "--quick"]).quick)
        said = self.refused("--only=closed")
        self.assertIn("there is no part 'closed'; there are http, depths,", said)

    def test_what_does_not_go_together(self):
        self.assertIn("measures nothing", self.refused("--render", "--quick"))
        self.assertIn("measures nothing", self.refused("--render", "--only=idle"))
        self.refused("--quik")
        self.refused("--rend")

    def test_an_update_is_of_parts(self):
        self.assertTrue(bench.parse_arguments(["--only=close", "--update"]).update)
        self.assertIn("--update goes with --only", self.refused("--update"))
        self.assertIn("--update goes with --only", self.refused("--only=close", "--quick", "--update"))
        self.assertIn("measures nothing", self.refused("--only=close", "--render"))

    def test_help_and_usage_list_the_parts(self):
        help_text = io.StringIO()
        with contextlib.redirect_stdout(help_text), self.assertRaises(SystemExit) as ended:
            bench.parse_arguments(["--help"])
        self.assertEqual(ended.exception.code, 0)
        self.assertIn(f"The parts: {', '.join(bench.part_names())}.", help_text.getvalue())
        self.assertNotIn("--cubbyd", help_text.getvalue())
        usage = subprocess.run([bench.ROOT / "dev", "help"], stdout=subprocess.PIPE, text=True,
                               check=True).stdout
        self.assertIn(f"The parts: {' '.join(bench.part_names())} bench parts",
                      " ".join(usage.split()))

    def test_dev_refuses_before_it_builds(self):
        for words, said in [(["bench", "--only=closed"], "there is no part 'closed'"),
                            (["bench", "some"], "bench does not know 'some'")]:
            done = subprocess.run([bench.ROOT / "dev", *words], stderr=subprocess.PIPE, text=True,
                                  check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(said, done.stderr)

    def test_no_figures_to_render(self):
        with self.assertRaisesRegex(SystemExit, "there is no .*none.json yet: ./dev bench"):
            bench.read_figures(pathlib.Path("/nowhere/none.json"))


if __name__ == "__main__":
    sys.exit(unittest.main())
