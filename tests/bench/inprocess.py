"""What is measured without sockets: Google Benchmark's programs, and instructions by callgrind."""

import json
import re
import shutil
import subprocess

PROGRAMS = ("peers_bench", "cache_bench", "json_bench")
COLLECTED = re.compile(r"Collected : (\d+)")
# request_bench goes through a few batches first.
BATCHES, BATCHES_BEFORE, DEPTH = 4000, 16, 16


def parse_benchmarks(report):
    """A row for each benchmark: its name without what Google Benchmark adds, threads, and rates."""
    runs = [run for run in report["benchmarks"] if not run.get("error_occurred")]
    # Where there were repetitions, each is there as well as what they come to.
    medians = [run for run in runs if run.get("aggregate_name") == "median"]
    rows = []
    for run in sorted(medians or runs, key=lambda run: (run["family_index"],
                                                        run["per_family_instance_index"])):
        parts = run["run_name"].split("/")
        name = "/".join(part for part in parts
                        if part != "real_time" and not part.startswith("threads:"))
        rows.append({"name": name, "threads": run.get("threads", 1),
                     "items_per_second": run.get("items_per_second"),
                     "bytes_per_second": run.get("bytes_per_second")})
    return rows


def run_benchmarks(places, quick, progress):
    """The rows of all the programs that there are."""
    repetitions, seconds = (1, 0.05) if quick else (5, 0.5)
    rows = []
    for name in PROGRAMS:
        program = places.programs / name
        if not program.exists():
            continue
        progress.say("in-process", name)
        out = places.scratch / f"{name}.json"
        subprocess.run([program, f"--benchmark_out={out}", "--benchmark_out_format=json",
                        f"--benchmark_repetitions={repetitions}", f"--benchmark_min_time={seconds}",
                        "--benchmark_enable_random_interleaving=true"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
        found = parse_benchmarks(json.loads(out.read_text(encoding="utf-8")))
        rows += [{"program": name, **row} for row in found]
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
