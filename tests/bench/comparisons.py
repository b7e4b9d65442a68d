"""What is compared with what: lists of servers and loads, to be measured in turn."""

import dataclasses

from loads import Load
from servers import BODY_BYTES, Spec

# Who is compared under the same load: wrk speaks HTTP only, our own program all three protocols.
BY_WRK = ("floor", "cubbyd", "nginx")
BY_OWN = ("floor", "cubbyd", "redis", "memcached")
CROWD = 10_000
# Depth and share of PUTs for which the daemon without a profile is measured, too.
PLAIN_LOADS = ((1, 10), (16, 0))
VALUE_MEMORY_BYTES = 256 << 20
# What stands around a value in the reply to a GET:
# {"status":"OK","key":"user:0000000000","value":""}
REPLY_FRAME_BYTES = 50
START_SECONDS = 0.5
FILLED_A_SECOND = 200_000


@dataclasses.dataclass(frozen=True)
class Cell:
    spec: Spec
    load: Load


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Cells that are measured one after the other, so many rounds; the servers run on one CPU or on
    two."""

    name: str
    title: str
    cells: tuple
    rounds: int
    seconds: int
    two_cpus: bool = False

    def specs(self):
        return list(dict.fromkeys(cell.spec for cell in self.cells))

    def estimated_seconds(self):
        filled = [spec for spec in self.specs() if spec.protocol().startswith("cubby")]
        filling = (START_SECONDS * len(self.specs())
                   + sum(spec.keys for spec in filled) / FILLED_A_SECOND)
        crowds = sum(cell.load.connections / CROWD for cell in self.cells)
        return filling + self.rounds * ((self.seconds + 0.3) * len(self.cells) + crowds)


def every(specs, loads):
    return tuple(Cell(spec, load) for load in loads for spec in specs)


def side_by_side(by_wrk, by_own):
    """What is compared stands together: in a round it is measured within seconds."""
    cells = ()
    for put in (10, 0):
        for depth in (1, 16):
            # The daemon without a profile, where most of what is asked is.
            plain = [Spec("plain")] if (depth, put) in PLAIN_LOADS else []
            cells += every(by_wrk + plain, [Load(depth=depth, put_percent=put)])
            cells += every(by_own, [Load(depth=depth, put_percent=put, own=True)])
    return cells


def values_of(sizes):
    """GETs and PUTs of values of each size, and the same number of bytes from floor."""
    cells = []
    for size in sizes:
        keys = min(50_000, VALUE_MEMORY_BYTES // size)
        ours = Spec("cubbyd", keys=keys, value_bytes=size)
        reads = Spec("floor", keys=keys, value_bytes=size, body_bytes=size + REPLY_FRAME_BYTES)
        writes = Spec("floor", keys=keys, value_bytes=size, body_bytes=BODY_BYTES)
        cells += every((reads, ours), [Load(put_percent=0, own=True)])
        cells += every((writes, ours), [Load(put_percent=100, own=True)])
    return tuple(cells)


def both_faces(sizes):
    """GETs of /get and of /v1/keys, then PUTs of the one and the other, by the size of values."""
    cells = []
    for size in sizes:
        specs = [Spec(kind, value_bytes=size) for kind in ("cubbyd", "v1")]
        for put in (0, 100):
            cells += every(specs, [Load(depth=depth, put_percent=put, own=True)
                                   for depth in (1, 16)])
    return tuple(cells)


def all_comparisons(quick):
    seconds = 1 if quick else 2
    rounds = 1 if quick else 5
    by_wrk, by_own = ([Spec(kind) for kind in kinds] for kinds in (BY_WRK, BY_OWN))
    both = [Spec("floor"), Spec("cubbyd")]
    workers = [Spec(kind, workers=count) for kind in ("floor", "cubbyd") for count in (1, 2)]
    crowds = [(64, 64), (CROWD, CROWD), (CROWD, 64)]
    if not quick:
        crowds += [(1000, 1000), (1000, 64)]
    entries = (10_000, 1_000_000) if quick else (10_000, 100_000, 1_000_000, 10_000_000)
    depths = (4, 64) if quick else (2, 4, 8, 32, 64)
    sizes = (64, 1 << 20) if quick else (64, 1 << 10, 16 << 10, 128 << 10, 1 << 20)
    return [
        Comparison("http", "servers side by side", rounds=rounds, seconds=seconds,
                   cells=side_by_side(by_wrk, by_own)),
        Comparison("depths", "pipelining", rounds=rounds, seconds=1,
                   cells=every(by_own, [Load(depth=depth, own=True) for depth in depths])
                   + every([Spec("nginx")], [Load(depth=depth) for depth in depths])),
        Comparison("workers", "two workers", rounds=rounds, seconds=seconds, two_cpus=True,
                   cells=every(workers, [Load(depth=1), Load(depth=16)])),
        Comparison("close", "a connection a request", rounds=rounds, seconds=seconds,
                   cells=every([Spec("nginx"), Spec("cubbyd")], [Load(put_percent=0, close=True)])),
        Comparison("crowds", "connections", rounds=rounds, seconds=seconds,
                   cells=every(both, [Load(connections=count, active=active, own=True)
                                      for count, active in sorted(crowds)])),
        Comparison("entries", "entries", rounds=rounds, seconds=seconds,
                   cells=every([Spec("floor")] + [Spec("cubbyd", keys=count) for count in entries],
                               [Load(put_percent=0, own=True)])),
        Comparison("values", "value sizes", rounds=rounds, seconds=1,
                   cells=values_of(sizes)),
        Comparison("faces", "/get and /v1/keys", rounds=rounds, seconds=1,
                   cells=both_faces((64,) if quick else (64, 1 << 10, 4 << 10))),
    ]
