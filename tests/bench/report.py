"""Turns results into the blocks of docs/benchmarks.md that this program writes.

A block stands between two comments of the page, `<!-- bench: NAME -->` and `<!-- /bench -->`; the
text around the blocks is written by hand.
"""

import re

from results import RATE, divided, middle, ratio
from targets import all_targets

NOT_MEASURED = "Not measured yet: `./dev bench` does."
BLOCK = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)
NAMES = {"floor": "floor", "cubbyd": "**cubbyd**", "nginx": "nginx, `return 200`",
         "redis": "Redis, its own protocol", "memcached": "memcached, its own protocol"}
PEER_NAMES = {"cubby": "**cubby**", "leveldb": "LevelDB's `NewLRUCache`",
              "map_list": "64 × `unordered_map` + `list`", "ideal": "*ideal*"}
WORK_NAMES = {"get": "GET", "put": "PUT that replaces", "mix_10_put": "10% PUT",
              "put_evicting": "PUT that evicts"}


def table(header, rows):
    """Markdown: the first column to the left, the others to the right."""
    lines = [header, ["---"] + ["--:"] * (len(header) - 1)] + rows
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def number(value, digits=2):
    return "–" if value is None else f"{value:,.{digits}f}"


def rate(value):
    """Three digits: more are not the same twice."""
    if value is None:
        return "–"
    digits = max(0, len(str(int(value))) - 3)
    return f"{round(value, -digits):,.0f}"


def millions(value):
    return "–" if value is None else f"{value / 1e6:.2f}"


def size(value):
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if value >= unit:
            return f"{value // unit} {name}"
    return f"{value} B"


def measured(target):
    return number(target.value(), 3) + (target.unit if target.measured else "")


def spread(target):
    """What the rounds came to that were furthest apart."""
    if len(target.measured) < 2:
        return ""
    return f"{min(target.measured):.2f} to {max(target.measured):.2f}"


def targets_block(results):
    targets = all_targets(results)
    verdicts = [target.verdict() for target in targets]
    reached, missed = verdicts.count("reached"), verdicts.count("**missed**")
    summary = f"{reached} of {len(targets)} targets are reached, {missed} missed"
    if len(targets) > reached + missed:
        summary += f", {len(targets) - reached - missed} not measured"
    rows = [[target.what, f"{target.relation} {target.bound:g}{target.unit}", measured(target),
             spread(target), verdict] for target, verdict in zip(targets, verdicts)]
    wrong = [f"{count} of {kind} ({comparison})" for comparison, kind, count in results.errors()]
    answers = "Every request of every run was answered as it should be."
    if wrong:
        answers = f"Requests that were not answered as they should be: {', '.join(wrong)}."
    return f"{summary}.\n\n{table(['', 'target', 'measured', 'rounds', ''], rows)}\n\n{answers}"


def machine_block(results):
    machine = results.data["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    lines = [f"- {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB of memory",
             f"- {machine['system']}, {machine['kernel']}", f"- {versions}",
             f"- {results.data['date']}; {results.data['minutes']} minutes"]
    return "\n".join(lines)


def http_block(results):
    parts = []
    for put, title in ((10, "90% GET, 10% PUT"), (0, "All GET")):
        rows = []
        for kind, name in NAMES.items():
            cells = [name]
            for depth in (1, 16):
                wanted = {"depth": depth, "put_percent": put}
                row = results.row("http", kind, **wanted)
                cells += [number(middle(row)),
                          number(ratio(row, results.row("http", "floor", **wanted))),
                          rate(middle(row, RATE))]
            rows.append(cells)
        header = [title, "CPU us, one at a time", "to floor", "requests/s", "CPU us, 16 pipelined",
                  "to floor", "requests/s"]
        parts.append(table(header, rows))
    return "\n\n".join(parts)


def by_depth(results, kind):
    """(depth, row) for each depth that was measured with 10% PUT, ascending."""
    rows = results.rows("http", kind, put_percent=10) + results.rows("depths", kind)
    return sorted(((row["load"]["depth"], row) for row in rows), key=lambda pair: pair[0])


def depths_block(results):
    depths = [depth for depth, _ in by_depth(results, "floor")]
    rows = [[name] + [rate(middle(row, RATE)) for _, row in by_depth(results, kind)]
            for kind, name in NAMES.items()]
    return table(["requests/s, pipelined"] + [str(depth) for depth in depths], rows)


def workers_block(results):
    rows = []
    for kind in ("floor", "cubbyd"):
        for depth, title in ((1, "one at a time"), (16, "16 pipelined")):
            one, two = (results.row("workers", kind, depth=depth, workers=count)
                        for count in (1, 2))
            rows.append([f"{NAMES[kind]}, {title}", number(middle(one)), number(middle(two)),
                         number(ratio(two, one), 3), rate(middle(one, RATE)),
                         rate(middle(two, RATE))])
    return table(["", "CPU us, one worker", "two workers", "ratio", "requests/s, one", "two"], rows)


def close_block(results):
    rows = []
    for kind in ("nginx", "cubbyd"):
        row = results.row("close", kind)
        rows.append([NAMES[kind], number(middle(row)), rate(middle(row, RATE)),
                     number(ratio(row, results.row("close", "nginx"), RATE))])
    return table(["a connection a request", "CPU us", "requests/s", "to nginx"], rows)


def crowds_block(results):
    rows = []
    few = results.row("crowds", "cubbyd", connections=64)
    for row in results.rows("crowds", "cubbyd"):
        load = row["load"]
        count, active = load["connections"], load["active"]
        floor = results.row("crowds", "floor", connections=count, active=active)
        rows.append([f"{count:,}, {active:,} of them active", number(middle(row)),
                     number(ratio(row, few), 3), number(middle(floor)), number(ratio(row, floor)),
                     rate(middle(row, RATE))])
    header = ["connections", "CPU us, cubbyd", "to 64 alone", "CPU us, floor", "cubbyd to floor",
              "requests/s, cubbyd"]
    idle = results.data.get("idle")
    note = "" if not idle else (
        f"\n\n{idle['connections']:,} idle connections, each of which has been answered once, take "
        f"{idle['bytes'] / 1e6:.1f} MB of resident memory, or "
        f"{idle['bytes'] / idle['connections']:,.0f} bytes each.")
    return table(header, rows) + note


def entries_block(results):
    rows = []
    ours = results.rows("entries", "cubbyd")
    floor = results.row("entries", "floor")
    for row in ours:
        rows.append([f"{row['server']['keys']:,}", number(middle(row)),
                     number(ratio(row, ours[0]), 3), number(ratio(row, floor)),
                     rate(middle(row, RATE))])
    return table(["entries", "CPU us a GET", "to the fewest", "to floor", "requests/s"], rows)


def values_block(results):
    rows = []
    for value_bytes in results.in_order("values", "value_bytes"):
        cells = [size(value_bytes)]
        for put in (0, 100):
            wanted = {"value_bytes": value_bytes, "put_percent": put}
            row, floor = (results.row("values", kind, **wanted) for kind in ("cubbyd", "floor"))
            cells += [number(middle(row)), number(ratio(row, floor)), rate(middle(row, RATE))]
        rows.append(cells)
    return table(["value", "CPU us a GET", "to floor", "GETs/s",
                  "CPU us a PUT", "to floor", "PUTs/s"], rows)


def peers_table(results):
    names = [row["name"].partition("/")[::2] for row in results.data["in_process"]
             if row["program"] == "peers_bench" and row["threads"] == 1]
    works = list(dict.fromkeys(work for _, work in names))
    rows = []
    for peer, work in sorted(names, key=lambda name: works.index(name[1])):
        name, leveldb = f"{peer}/{work}".strip("/"), f"leveldb/{work}"
        one, two = results.rate(name), results.rate(name, 2)
        title = f"{WORK_NAMES.get(work, work)}, {PEER_NAMES.get(peer, peer)}".removeprefix(", ")
        rows.append([title, millions(one), number(divided(one, results.rate(leveldb))),
                     millions(two), number(divided(two, results.rate(leveldb, 2))),
                     number(divided(two, one))])
    return table(["in-process", "millions/s, one thread", "to LevelDB", "two threads", "to LevelDB",
                  "two to one"], rows)


def in_process_block(results):
    parts = [peers_table(results)] if results.rate("cubby/get") else []
    others = [row for row in results.data.get("in_process", []) if row["program"] != "peers_bench"]
    rows = []
    for row in others:
        if row["bytes_per_second"]:
            speed = f"{row['bytes_per_second'] / 1e6:,.0f} MB/s"
        else:
            speed = f"{millions(row['items_per_second'])} millions/s"
        rows.append([f"`{row['program']}` {row['name']}", row["threads"], speed])
    if rows:
        parts.append(table(["", "threads", ""], rows))
    return "\n\n".join(parts)


def instructions_block(results):
    counted = results.data.get("instructions")
    if not counted:
        return "Not measured."
    return table(["under callgrind", "instructions a request"],
                 [[f"a pipelined {name}", f"{count:,.0f}"] for name, count in counted.items()])


BLOCKS = {
    "targets": targets_block,
    "machine": machine_block,
    "http": http_block,
    "depths": depths_block,
    "workers": workers_block,
    "close": close_block,
    "crowds": crowds_block,
    "entries": entries_block,
    "values": values_block,
    "in_process": in_process_block,
    "instructions": instructions_block,
}


def blocks_in(page):
    """The names of the blocks in a page, in order."""
    return [name for _, name, _ in BLOCK.findall(page)]


def put_into(page, results):
    """The page with its blocks written anew; without results they say so."""
    def block(found):
        text = BLOCKS[found[2]](results) if results else NOT_MEASURED
        return f"{found[1]}{text}\n{found[3]}"

    return BLOCK.sub(block, page)
