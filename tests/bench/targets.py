"""What cubby is to reach, and whether it does."""

import dataclasses
import operator

from comparisons import CROWD
from results import RATE, divided, median, ratios

AT_MOST, AT_LEAST, BELOW = "at most", "at least", "below"
HOLDS = {AT_MOST: operator.le, AT_LEAST: operator.ge, BELOW: operator.lt}


@dataclasses.dataclass(frozen=True)
class Target:
    """`measured` has a value a round, or one, or is empty; their median is judged."""

    what: str
    relation: str
    bound: float
    measured: list
    unit: str = ""

    def value(self):
        return median(self.measured)

    def verdict(self):
        if not self.measured:
            return "not measured"
        return "reached" if HOLDS[self.relation](self.value(), self.bound) else "**missed**"


def single(value):
    return [] if value is None else [value]


def http_targets(results):
    def row(kind, depth, put):
        return results.row("http", kind, depth=depth, put_percent=put)

    def cubby_to(kind, depth, put):
        return ratios(row("cubbyd", depth, put), row(kind, depth, put))

    return [
        Target("CPU a request to floor's, one at a time", AT_MOST, 1.12, cubby_to("floor", 1, 10)),
        Target("CPU a request to floor's, 16 pipelined", AT_MOST, 1.5, cubby_to("floor", 16, 10)),
        Target("CPU a GET to floor's, 16 pipelined", AT_MOST, 1.35, cubby_to("floor", 16, 0)),
        Target("CPU a request to nginx's, one at a time", BELOW, 1, cubby_to("nginx", 1, 10)),
        Target("CPU a request to Redis's, one at a time", BELOW, 1, cubby_to("redis", 1, 10)),
        Target("Redis's CPU a GET to ours, 16 pipelined", AT_LEAST, 1.8,
               ratios(row("redis", 16, 0), row("cubbyd", 16, 0))),
    ]


def growth_targets(results):
    def workers(depth):
        one, two = (results.row("workers", "cubbyd", depth=depth, workers=count)
                    for count in (1, 2))
        return ratios(two, one)

    few, many = (results.row("crowds", "cubbyd", connections=count, active=64)
                 for count in (64, CROWD))
    idle = results.data.get("idle")
    smallest, largest = (results.row("entries", "cubbyd", keys=count)
                         for count in (10_000, 10_000_000))
    return [
        Target("two workers' CPU a request to one's, one at a time", AT_MOST, 1.05, workers(1)),
        Target("two workers' CPU a request to one's, 16 pipelined", AT_MOST, 1.05, workers(16)),
        Target("10,000 connections, 64 of them active, CPU a request to that of 64 alone", AT_MOST,
               1.15, ratios(many, few)),
        Target("a connection a request, requests a second to nginx's", AT_LEAST, 1,
               ratios(results.row("close", "cubbyd"), results.row("close", "nginx"), RATE)),
        Target("10,000 idle connections", AT_MOST, 20,
               single(idle["bytes"] / 1e6 if idle else None), " MB"),
        Target("10 million entries, CPU a GET to that of 10 thousand", AT_MOST, 1.1,
               ratios(largest, smallest)),
    ]


def in_process_targets(results):
    rate = results.rate

    def to_leveldb(work):
        return single(divided(rate(f"cubby/{work}"), rate(f"leveldb/{work}")))

    def two_to_one(work):
        return single(divided(rate(f"cubby/{work}", 2), rate(f"cubby/{work}")))

    return [
        Target("GETs a second in-process to LevelDB's, one thread", AT_LEAST, 1.6,
               to_leveldb("get")),
        Target("PUTs a second in-process to LevelDB's, one thread", AT_LEAST, 2.4,
               to_leveldb("put")),
        Target("GETs a second in-process, two threads to one", AT_LEAST, 1.8, two_to_one("get")),
        Target("PUTs a second in-process, two threads to one", AT_LEAST, 1.8, two_to_one("put")),
    ]


def all_targets(results):
    return http_targets(results) + growth_targets(results) + in_process_targets(results)
