"""What cubby is to reach, and whether it does."""

import dataclasses
import operator

from comparisons import CROWD
from results import CPU, RATE, errors_of, median, quotients, ratio, ratios

AT_MOST, AT_LEAST, BELOW = "at most", "at least", "below"
HOLDS = {AT_MOST: operator.le, AT_LEAST: operator.ge, BELOW: operator.lt}
REACHED, MISSED, NOT_MEASURED = "reached", "**missed**", "not measured"
WITH_ERRORS, INCOMPLETE = "**errors**", "**incomplete**"


@dataclasses.dataclass(frozen=True)
class Target:
    """`measured` has a value a round, or one, or is empty; their median is judged, unless some of
    `rounds` are missing or the servers that are compared made `errors`."""

    what: str
    relation: str
    bound: float
    measured: list
    unit: str = ""
    rounds: int = 1
    errors: int = 0

    def value(self):
        return median(self.measured)

    def verdict(self):
        if not self.measured:
            return NOT_MEASURED
        if self.errors:
            return WITH_ERRORS
        if len(self.measured) < self.rounds:
            return INCOMPLETE
        return REACHED if HOLDS[self.relation](self.value(), self.bound) else MISSED


def of_rows(what, relation, bound, row, other, column=CPU):
    """The target of a ratio between two rows of a comparison, either of which may be None."""
    rows = [each for each in (row, other) if each]
    return Target(what, relation, bound, ratios(row, other, column),
                  rounds=max((len(each["samples"]) for each in rows), default=0),
                  errors=sum(errors_of(each) for each in rows))


def of_rates(what, bound, above, below):
    """The target of a ratio between two in-process benchmarks."""
    return Target(what, AT_LEAST, bound, quotients(above, below),
                  rounds=max(len(above), len(below)))


def http_targets(results):
    def row(kind, depth, put, own):
        return results.row("http", kind, depth=depth, put_percent=put, own=own)

    def cubby_to(what, relation, bound, kind, depth, put, own=False):
        return of_rows(what, relation, bound, row("cubbyd", depth, put, own),
                       row(kind, depth, put, own))

    return [
        cubby_to("CPU a request to floor's, one at a time", AT_MOST, 1.12, "floor", 1, 10),
        cubby_to("CPU a request to floor's, 16 pipelined", AT_MOST, 1.5, "floor", 16, 10),
        cubby_to("CPU a GET to floor's, 16 pipelined", AT_MOST, 1.35, "floor", 16, 0),
        cubby_to("CPU a request to nginx's, one at a time", BELOW, 1, "nginx", 1, 10),
        cubby_to("CPU a request to Redis's, one at a time, both by our load", BELOW, 1, "redis", 1,
                 10, own=True),
        of_rows("Redis's CPU a GET to ours, 16 pipelined, both by our load", AT_LEAST, 1.8,
                row("redis", 16, 0, True), row("cubbyd", 16, 0, True)),
    ]


def workers_target(results, depth, title):
    def row(kind, count):
        return results.row("workers", kind, depth=depth, workers=count)

    what = f"two workers' CPU a request to one's, {title}"
    floor = ratio(row("floor", 2), row("floor", 1))
    if floor is not None:
        what += f" (floor's own: {floor:.3f})"
    return of_rows(what, AT_MOST, 1.05, row("cubbyd", 2), row("cubbyd", 1))


def face_targets(results):
    def row(kind, depth):
        return results.row("faces", kind, depth=depth, put_percent=0, value_bytes=64)

    return [of_rows(f"CPU a GET of 64 bytes of /v1/keys to that of /get, {title}", AT_MOST, 1,
                    row("v1", depth), row("cubbyd", depth))
            for depth, title in ((1, "one at a time"), (16, "16 pipelined"))]


def growth_targets(results):
    few, many = (results.row("crowds", "cubbyd", connections=count, active=64)
                 for count in (64, CROWD))
    idle = results.data.get("idle")
    smallest, largest = (results.row("entries", "cubbyd", keys=count)
                         for count in (10_000, 10_000_000))
    return [
        workers_target(results, 1, "one at a time"),
        workers_target(results, 16, "16 pipelined"),
        of_rows("10,000 connections, 64 of them active, CPU a request to that of 64 alone", AT_MOST,
                1.15, many, few),
        of_rows("a connection a request, requests a second to nginx's", AT_LEAST, 1,
                results.row("close", "cubbyd"), results.row("close", "nginx"), RATE),
        Target("10,000 idle connections", AT_MOST, 20, [idle["bytes"] / 1e6] if idle else [],
               " MB"),
        of_rows("10 million entries, CPU a GET to that of 10 thousand", AT_MOST, 1.1, largest,
                smallest),
    ]


def in_process_targets(results):
    rates = results.rates
    return [
        of_rates("GETs a second in-process to LevelDB's, one thread", 1.6, rates("cubby/get"),
                 rates("leveldb/get")),
        of_rates("PUTs a second in-process to LevelDB's, one thread", 2.4, rates("cubby/put"),
                 rates("leveldb/put")),
        of_rates("GETs a second in-process, two threads to one", 1.8, rates("cubby/get", 2),
                 rates("cubby/get")),
        of_rates("PUTs a second in-process, two threads to one", 1.8, rates("cubby/put", 2),
                 rates("cubby/put")),
    ]


def all_targets(results):
    return (http_targets(results) + face_targets(results) + growth_targets(results)
            + in_process_targets(results))
