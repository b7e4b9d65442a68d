"""Made-up measurements for the tests of what is made of them."""

import dataclasses

from comparisons import all_comparisons

# What a request takes in made-up results, in microseconds, so that each target is met or just not.
CPU_US = {"floor": 10, "cubbyd": 11, "v1": 11, "plain": 11.5, "nginx": 12, "redis": 22, "memcached": 15}


def made_up(cpu_us):
    """The results of a quick run in which each kind of server has always used the same CPU."""
    comparisons = {}
    for comparison in all_comparisons(quick=True):
        comparisons[comparison.name] = [
            {"server": dataclasses.asdict(cell.spec), "load": dataclasses.asdict(cell.load),
             "samples": [[1e6 / cpu_us[cell.spec.kind], cpu_us[cell.spec.kind], 0]
                         for _ in range(2)]}
            for cell in comparison.cells]
    return {
        "date": "2020-02-02", "minutes": 3, "build": "tuned", "comparisons": comparisons,
        "machine": {"cpu": "CPU", "cores": 2, "memory_gb": 8, "kernel": "Linux 6.1",
                    "system": "Debian", "versions": {"cubby": "0.1.0 (abc)"}},
        "idle": {"connections": 10_000, "before_bytes": 1, "bytes": 20_000_000},
        "in_process": [
            {"program": "peers_bench", "name": f"{peer}/{work}", "threads": threads,
             "unit": "items", "samples": [speed * 1e6 * threads, speed * 1e6 * threads]}
            for peer, work, speed in (("cubby", "get", 3.2), ("cubby", "put", 2.0),
                                      ("leveldb", "get", 2.0), ("leveldb", "put", 1.0))
            for threads in (1, 2)] + [
            {"program": "json_bench", "name": "read_put/small", "threads": 1, "unit": "bytes",
             "samples": [1e9, 1.1e9, 3e9]}],
        "instructions": {"GET": 4321.4, "PUT": 6543.2},
    }
