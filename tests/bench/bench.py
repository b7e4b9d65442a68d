"""Measures how fast cubby is, beside others, and writes what comes out into docs/benchmarks.md.

The full form writes the page's blocks, its plots, and docs/benchmarks/speed.json with the figures
that they are made of. With --update some parts are written in place of what was there of them, and
the page says when they were measured. Other forms leave the documents alone: they print the blocks
and draw into the scratch directory.
"""

import argparse
import dataclasses
import datetime
import json
import math
import pathlib
import resource
import subprocess
import sys
import time

import inprocess
import machine
import plots
import report
from comparisons import CROWD, all_comparisons
from measuring import Bench, Progress
from results import Results
from servers import Places

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
DOCUMENTS = ROOT / "docs" / "benchmarks"
FIGURES = DOCUMENTS / "speed.json"
# Beside a server's and a load's connections, what the two have open otherwise.
DESCRIPTORS = CROWD + 200
# What is measured beside the comparisons: name, seconds, and seconds of the quick form.
OTHERS = (("idle", 5, 5), ("in_process", 210, 30), ("instructions", 20, 20))


def raise_descriptor_limit():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < DESCRIPTORS:
        sys.exit(f"bench: {DESCRIPTORS} files must be open, and the limit (ulimit -Hn) is {hard}")
    if soft != resource.RLIM_INFINITY and soft < DESCRIPTORS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))


@dataclasses.dataclass(frozen=True)
class Plan:
    comparisons: list
    others: dict  # names, and how many seconds each takes
    seconds: float


def plan(quick, only):
    """All that is to be measured, or those parts that are named."""
    comparisons = [comparison for comparison in all_comparisons(quick)
                   if not only or comparison.name in only]
    others = {name: short if quick else full for name, full, short in OTHERS
              if not only or name in only}
    seconds = sum(comparison.estimated_seconds() for comparison in comparisons)
    return Plan(comparisons, others, seconds + sum(others.values()))


def measure(places, quick, only):
    """What came out, as plain data: what Results reads."""
    todo = plan(quick, only)
    print(f"This takes about {math.ceil(todo.seconds / 60)} minutes.", file=sys.stderr)
    progress = Progress(todo.seconds)
    bench = Bench(places, progress)
    begin = time.monotonic()
    data = {"date": datetime.date.today().isoformat(),
            "build": "plain" if places.cubbyd == places.plain else "tuned",
            "machine": machine.describe(places.cubbyd, ROOT), "comparisons": {}}
    for comparison in todo.comparisons:
        data["comparisons"][comparison.name] = bench.compare(comparison)
    measured = {"idle": lambda: bench.idle_connections(CROWD),
                "in_process": lambda: inprocess.run_benchmarks(places, quick, progress),
                "instructions": lambda: inprocess.count_instructions(places, progress)}
    for name, seconds in todo.others.items():
        try:
            data[name] = measured[name]()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            progress.complain(f"{name}: {error}")
            data[name] = None
        progress.done(seconds)
    progress.end()
    data["minutes"] = math.ceil((time.monotonic() - begin) / 60)
    return data


def updated(figures, data, parts):
    """`figures` with these parts of `data` in place of their own, each with when that was."""
    result = {**figures, "comparisons": dict(figures["comparisons"]),
              "updates": dict(figures.get("updates", {}))}
    for part in parts:
        source, target = ((data["comparisons"], result["comparisons"])
                          if part in data["comparisons"] else (data, result))
        target[part] = source[part]
        result["updates"][part] = {"date": data["date"], "build": data["build"],
                                   "version": data["machine"]["versions"]["cubby"]}
    return result


def write_figures(figures, scratch):
    FIGURES.write_text(json.dumps(figures, indent=None) + "\n", encoding="utf-8")
    write_documents(figures, scratch)


def write_documents(data, scratch):
    results = Results(data)
    PAGE.write_text(report.put_into(PAGE.read_text(encoding="utf-8"), results), encoding="utf-8")
    plots.draw(results, scratch, DOCUMENTS)


def show(data, scratch):
    results = Results(data)
    for name, block in report.BLOCKS.items():
        part = "http" if name == "builds" else name
        if name == "targets" or part in data or part in data["comparisons"]:
            print(f"\n== {name}\n\n{block(results)}")
    if {"http", "depths", "crowds", "entries", "values"} <= data["comparisons"].keys():
        plots.draw(results, scratch, scratch)


def part_names():
    everything = plan(quick=False, only=None)
    return [comparison.name for comparison in everything.comparisons] + list(everything.others)


def parse_arguments(words):
    """What ./dev passes on, behind the places that it adds itself."""
    parser = argparse.ArgumentParser(
        prog="./dev bench", allow_abbrev=False, description=__doc__,
        epilog=f"The parts: {', '.join(part_names())}.",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    for place in ("--cubbyd", "--plain", "--programs", "--scratch"):
        parser.add_argument(place, type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="PART,...",
                        help="measure only these parts")
    parser.add_argument("--update", action="store_true",
                        help="with --only: write these parts into the page")
    parser.add_argument("--render", action="store_true",
                        help="measure nothing: write the page anew from docs/benchmarks/speed.json")
    arguments = parser.parse_args(words)
    if arguments.render and (arguments.quick or arguments.only):
        parser.error("--render measures nothing, neither quickly nor in parts")
    if arguments.update and (arguments.quick or not arguments.only):
        parser.error("--update goes with --only, and not with --quick")
    for name in arguments.only or []:
        if name not in part_names():
            parser.error(f"there is no part '{name}'; there are {', '.join(part_names())}")
    return arguments


def read_figures(file):
    if not file.exists():
        sys.exit(f"bench: there is no {file} yet: ./dev bench measures and writes it")
    return json.loads(file.read_text(encoding="utf-8"))


def main():
    arguments = parse_arguments(sys.argv[1:])
    if arguments.check:
        return
    scratch = arguments.scratch.resolve()
    scratch.mkdir(parents=True, exist_ok=True)
    if arguments.render:
        write_documents(read_figures(FIGURES), scratch)
        return

    raise_descriptor_limit()
    places = Places(arguments.cubbyd.resolve(), arguments.plain.resolve(),
                    arguments.programs.resolve(), scratch)
    data = measure(places, arguments.quick, arguments.only)
    (scratch / "speed.json").write_text(json.dumps(data, indent=None) + "\n", encoding="utf-8")
    if arguments.quick or arguments.only:
        show(data, scratch)
    if arguments.update:
        write_figures(updated(read_figures(FIGURES), data, arguments.only), scratch)
    elif not arguments.quick and not arguments.only:
        write_figures(data, scratch)
        print(report.targets_block(Results(data)))


if __name__ == "__main__":
    main()
