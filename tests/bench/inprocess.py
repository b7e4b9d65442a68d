"""What is measured without sockets: Google Benchmark's programs, and instructions by callgrind."""

import dataclasses
import json
import re
import shutil
import subprocess


@dataclasses.dataclass(frozen=True)
class Program:
    """How often it is run, how often each benchmark is repeated in a run, and for how long."""

    name: str
    full: tuple
    quick: tuple = (1, 1, 0.05)


# The first accesses of a process are slower by a multiple for some of the peers.
WARMUP_SECONDS = 0.1
# What peers_bench compares is measured in turn, once a run; a run finds other pages of memory than
# the one before, which alone makes a difference.
PROGRAMS = (Program("peers_bench", full=(7, 1, 0.3)),
            Program("cache_bench", full=(1, 5, 0.3)), Program("json_bench", full=(1, 5, 0.3)))
COLLECTED = re.compile(r"Collected : (\d+)")
# request_bench goes through a few batches first.
BATCHES, BATCHES_BEFORE, DEPTH = 4000, 16, 16


def parse_benchmarks(reports):
    """A row for each benchmark of a program, with a sample for each time that it was run in these
    reports: items or bytes a second, or None where it failed."""
    rows = {}
    for report in reports:
        runs = [run for run in report["benchmarks"] if run.get("run_type") != "aggregate"]
        for run in sorted(runs, key=lambda run: (run["family_index"],
                                                 run["per_family_instance_index"])):
            parts = run["run_name"].split("/")
            name = "/".join(part for part in parts
                            if part != "real_time" and not part.startswith("threads:"))
            threads = run.get("threads", 1)
            unit = "bytes" if "bytes_per_second" in run else "items"
            row = rows.setdefault((name, threads), {"name": name, "threads": threads,
                                                    "unit": unit, "samples": []})
            failed = run.get("error_occurred")
            row["samples"].append(None if failed else run[f"{unit}_per_second"])
    return list(rows.values())


def run_benchmarks(places, quick, progress):
    """The rows of all the programs that there are."""
    rows = []
    for program in PROGRAMS:
        path = places.programs / program.name
        if not path.exists():
            continue
        runs, repetitions, seconds = program.quick if quick else program.full
        out = places.scratch / f"{program.name}.json"
        reports = []
        for number in range(1, runs + 1):
            progress.say("in-process", f"{program.name}, {number} of {runs}")
            # Without repetitions it would be no more than another order, and threads stay together.
            interleaving = "true" if repetitions > 1 else "false"
            subprocess.run([path, f"--benchmark_out={out}", "--benchmark_out_format=json",
                            f"--benchmark_repetitions={repetitions}",
                            f"--benchmark_min_time={seconds}",
                            f"--benchmark_min_warmup_time={WARMUP_SECONDS}",
                            f"--benchmark_enable_random_interleaving={interleaving}"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
            reports.append(json.loads(out.read_text(encoding="utf-8")))
        rows += [{"program": program.name, **row} for row in parse_benchmarks(reports)]
    return rows


def parse_collected(output):
    found = COLLECTED.search(output)
    if not found:
        raise RuntimeError(f"callgrind did not say what it counted:\n{output}")
    return int(found[1])


def count_instructions(places, progress):
    """Instructions a pipelined request by its kind; empty where it cannot be counted."""
    program = places.programs / "request_bench"
    if not program.exists() or not shutil.which("valgrind"):
        return {}
    counted = {}
    for name, put_percent in (("GET", 0), ("PUT", 100)):
        progress.say("instructions", f"a pipelined {name}")
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={places.scratch}/callgrind.out",
             "--toggle-collect=run_batches*", program, str(put_percent), str(BATCHES), str(DEPTH)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
        counted[name] = parse_collected(done.stderr) / ((BATCHES + BATCHES_BEFORE) * DEPTH)
    return counted
