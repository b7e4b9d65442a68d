"""Carries comparisons out, with a line that says how far it is."""

import contextlib
import dataclasses
import os
import subprocess
import sys
import time

import loads
from servers import Server, Spec


def split_cpus(available):
    """The CPUs for a server and for its load, and the same for a server of two workers."""
    cpus = sorted(available)
    load = set(cpus[2:3] or cpus[-1:])
    return ({cpus[0]}, set(cpus[1:2] or cpus)), (set(cpus[:2]), load)


class Progress:
    """Says what is measured at the moment, and how long all of it will take yet."""

    def __init__(self, total_seconds, stream=sys.stderr):
        self._left = total_seconds
        self._stream = stream
        self._overwrites = stream.isatty()
        self._said = None

    def say(self, title, detail):
        minutes, seconds = divmod(round(max(0, self._left)), 60)
        line = f"{minutes:3d}:{seconds:02d} left  {title}: {detail}"
        if self._overwrites:
            self._stream.write(f"\r\033[K{line[:100]}")
        elif title != self._said:
            self._stream.write(f"{line}\n")
        self._said = title
        self._stream.flush()

    def complain(self, text):
        self._stream.write(f"\nbench: not measured: {text}\n")
        self._stream.flush()

    def done(self, seconds):
        self._left -= seconds

    def end(self):
        if self._overwrites:
            self._stream.write("\r\033[K")


def describe(cell):
    load = cell.load
    words = [cell.spec.kind]
    if load.depth > 1:
        words.append(f"{load.depth} pipelined")
    if load.connections != 64:
        words.append(f"{load.connections} connections")
    words.append(f"{load.put_percent}% PUT")
    words.append("our load" if load.own else "wrk")
    return ", ".join(words)


class Bench:
    def __init__(self, places, progress):
        self._places = places
        self._progress = progress
        self._one_cpu, self._two_cpus = split_cpus(os.sched_getaffinity(0))

    def compare(self, comparison):
        """A row for each cell, with a sample a round: see sample_of() and sample()."""
        server_cpus, load_cpus = self._two_cpus if comparison.two_cpus else self._one_cpu
        rows = [{"server": dataclasses.asdict(cell.spec), "load": dataclasses.asdict(cell.load),
                 "samples": []} for cell in comparison.cells]
        begin = time.monotonic()
        estimated = comparison.estimated_seconds()
        spent = 0.0
        with contextlib.ExitStack() as stack:
            servers = {}
            for spec in comparison.specs():
                self._progress.say(comparison.title, f"starting {spec.kind}, {spec.keys:,} keys")
                servers[spec] = stack.enter_context(Server(spec, server_cpus, self._places))
                loads.fill(self._places.load(), servers[spec], load_cpus)
            for number in range(1, comparison.rounds + 1):
                for cell, row in zip(comparison.cells, rows):
                    self._progress.say(comparison.title, f"round {number} of {comparison.rounds}, "
                                                         f"{describe(cell)}")
                    row["samples"].append(self.sample(cell, servers[cell.spec],
                                                      comparison.seconds, load_cpus))
                    now = min(time.monotonic() - begin, estimated)
                    self._progress.done(now - spent)
                    spent = now
        self._progress.done(estimated - spent)
        return rows

    def sample(self, cell, server, seconds, load_cpus):
        """None where it could not be measured: that is said, and the others are worth having."""
        try:
            return sample_of(*loads.run(self._places.load(), server, cell.load, seconds, load_cpus))
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            self._progress.complain(f"{describe(cell)}: {error}")
            return None

    def idle_connections(self, count):
        """The resident bytes of a daemon, and how much more it is with so many idle connections."""
        self._progress.say("idle connections", f"{count} of them")
        server_cpus, load_cpus = self._one_cpu
        spec = Spec("cubbyd", keys=1000)
        with Server(spec, server_cpus, self._places) as server:
            loads.fill(self._places.load(), server, load_cpus)
            before = server.resident_bytes()
            load = loads.Load(connections=count, active=1, put_percent=0)
            with loads.connected(self._places.load(), server, load, 1, load_cpus):
                time.sleep(2)
                return {"connections": count, "before_bytes": before,
                        "bytes": server.resident_bytes() - before}


def sample_of(outcome, cpu_us):
    """[requests a second, CPU a request in microseconds, errors]"""
    if outcome.requests == 0:
        raise RuntimeError("not one request was answered")
    return [round(outcome.requests / outcome.seconds, 1), round(cpu_us / outcome.requests, 4),
            outcome.errors]
