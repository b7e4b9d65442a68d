"""Turns results into the blocks of docs/benchmarks.md that this program writes.

A block stands between two comments of the page, `<!-- bench: NAME -->` and `<!-- /bench -->`; the
text around the blocks is written by hand.
"""

import re

import targets
from comparisons import BY_OWN, BY_WRK, PLAIN_LOADS
from results import BUSY, RATE, load_is_limit, median, middle, quotients, ratio, ratios
from targets import MISSED, REACHED

NOT_MEASURED = "Not measured yet: `./dev bench` does."
BLOCK = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- /bench -->)", re.DOTALL)
NAMES = {"floor": "floor", "cubbyd": "**cubbyd**", "nginx": "nginx, `return 200`",
         "redis": "Redis, its own protocol", "memcached": "memcached, its own protocol"}
BUILD_NAMES = {"cubbyd": "**cubbyd**", "plain": "without a profile"}
# The two builds of the daemon: with a profile, which is what is shipped, and without.
BUILDS = {"tuned": "`./dev tuned`", "plain": "`./dev build`"}
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


def middle_rate(samples):
    return median([each for each in samples if each is not None])


def size(value):
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if value >= unit:
            return f"{value // unit} {name}"
    return f"{value} B"


def spread(numbers, digits=2):
    """Those of the rounds that were furthest apart."""
    present = [each for each in numbers if each is not None]
    if len(present) < 2:
        return "–"
    return f"{number(min(present), digits)} to {number(max(present), digits)}"


def measured(target):
    return number(target.value(), 3) + (target.unit if target.measured else "")


def summary(verdicts):
    counts = {verdict: verdicts.count(verdict) for verdict in
              (REACHED, MISSED, targets.NOT_MEASURED, targets.WITH_ERRORS, targets.INCOMPLETE)}
    text = f"{counts[REACHED]} of {len(verdicts)} targets are reached, {counts[MISSED]} missed"
    if counts[targets.NOT_MEASURED]:
        text += f", {counts[targets.NOT_MEASURED]} not measured"
    unjudged = counts[targets.WITH_ERRORS] + counts[targets.INCOMPLETE]
    if unjudged:
        text += f", {unjudged} not judged, for errors or missing rounds"
    return text + "."


def targets_block(results):
    found = targets.all_targets(results)
    verdicts = [target.verdict() for target in found]
    rows = [[target.what, f"{target.relation} {target.bound:g}{target.unit}", measured(target),
             spread(target.measured), verdict] for target, verdict in zip(found, verdicts)]
    answers = "Every request of every run was answered as it should be."
    wrong = [f"{count} of {kind} ({comparison})" for comparison, kind, count in results.errors()]
    if wrong:
        answers = f"Requests that were not answered as they should be: {', '.join(wrong)}."
    lacking = [f"{count} of {name} ({where})" for where, name, count in results.lacking()]
    if lacking:
        answers += f" Rounds that could not be measured: {', '.join(lacking)}."
    header = ["", "target", "measured", "rounds", ""]
    return f"{summary(verdicts)}\n\n{table(header, rows)}\n\n{answers}"


def build_of(results):
    """Which build of the daemon "cubbyd" was; figures from before there was a choice are plain."""
    return results.data.get("build", "plain")


def machine_block(results):
    machine = results.data["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    build = BUILDS[build_of(results)]
    lines = [f"- {machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB of memory",
             f"- {machine['system']}, {machine['kernel']}", f"- {versions}",
             f"- {results.data['date']}; {results.data['minutes']} minutes",
             f"- cubbyd is what {build} builds"]
    return "\n".join(lines)


# The rows that are compared side by side: a kind of server, and whether our own load asked it.
SIDES = ([(kind, False) for kind in BY_WRK] + [(kind, True) for kind in BY_OWN])


def load_name(own):
    return "ours" if own else "wrk"


def http_table(results, put, title):
    rows = []
    for kind, own in SIDES:
        cells = [NAMES[kind], load_name(own)]
        for depth in (1, 16):
            wanted = {"depth": depth, "put_percent": put, "own": own}
            row = results.row("http", kind, **wanted)
            cells += [number(middle(row)),
                      number(ratio(row, results.row("http", "floor", **wanted))),
                      rate(middle(row, RATE))]
        rows.append(cells)
    return table([title, "load", "CPU us, one at a time", "to floor", "requests/s",
                  "CPU us, 16 pipelined", "to floor", "requests/s"], rows)


def http_block(results):
    parts = [http_table(results, put, title)
             for put, title in ((10, "90% GET, 10% PUT"), (0, "All GET"))]
    rows = [row for row in results.rows("http") if middle(row) is not None]
    limited = sum(load_is_limit(row) for row in rows)
    parts.append(f"In {limited} of {len(rows)} of these measurements the server's CPU had nothing "
                 f"to do for at least {1 - BUSY:.0%} of the time: there the load was the limit of "
                 "requests/s.")
    return "\n\n".join(parts)


def builds_block(results):
    """What the profile pays: the daemon that is shipped beside the one built without."""
    rows = []
    loads = [{"depth": depth, "put_percent": put, "own": False} for depth, put in PLAIN_LOADS]
    floors = [results.row("http", "floor", **load) for load in loads]
    for kind, build in (("cubbyd", build_of(results)), ("plain", "plain")):
        cells = [f"{BUILD_NAMES[kind]}, {BUILDS[build]}"]
        for load, floor in zip(loads, floors):
            row = results.row("http", kind, **load)
            cells += [number(middle(row)), number(ratio(row, floor)), spread(ratios(row, floor))]
        rows.append(cells)
    return table(["by wrk", "CPU us, one at a time, 10% PUT", "to floor", "rounds",
                  "CPU us, all GET, 16 pipelined", "to floor", "rounds"], rows)


def by_depth(results, kind):
    """(depth, row) for each depth that was measured with 10% PUT, ascending; nginx by wrk, the
    others by our load."""
    own = kind != "nginx"
    rows = (results.rows("http", kind, put_percent=10, own=own)
            + results.rows("depths", kind, own=own))
    return sorted(((row["load"]["depth"], row) for row in rows), key=lambda pair: pair[0])


def depths_block(results):
    found = {kind: dict(by_depth(results, kind)) for kind in NAMES}
    depths = sorted({depth for rows in found.values() for depth in rows})
    rows = [[name, load_name(kind != "nginx")]
            + [rate(middle(found[kind].get(depth), RATE)) for depth in depths]
            for kind, name in NAMES.items()]
    return table(["requests/s, pipelined", "load"] + [str(depth) for depth in depths], rows)


def workers_block(results):
    rows = []
    for kind in ("floor", "cubbyd"):
        for depth, title in ((1, "one at a time"), (16, "16 pipelined")):
            one, two = (results.row("workers", kind, depth=depth, workers=count)
                        for count in (1, 2))
            floor = ratio(*(results.row("workers", "floor", depth=depth, workers=count)
                            for count in (2, 1)))
            rows.append([f"{NAMES[kind]}, {title}", number(middle(one)), number(middle(two)),
                         number(ratio(two, one), 3), spread(ratios(two, one)), number(floor, 3),
                         rate(middle(one, RATE)), rate(middle(two, RATE))])
    return table(["by wrk", "CPU us, one worker", "two workers", "ratio", "rounds", "floor's ratio",
                  "requests/s, one", "two"], rows)


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


def faces_block(results):
    """What each of the two faces of the cache costs."""
    rows = []
    for value_bytes in results.in_order("faces", "value_bytes"):
        for put, title in ((0, "GET"), (100, "PUT")):
            cells = [f"{title} of {size(value_bytes)}"]
            for depth in (1, 16):
                wanted = {"value_bytes": value_bytes, "put_percent": put, "depth": depth}
                old, new = (results.row("faces", kind, **wanted) for kind in ("cubbyd", "v1"))
                cells += [number(middle(old)), number(middle(new)), number(ratio(new, old)),
                          spread(ratios(new, old))]
            rows.append(cells)
    if not rows:
        return "Not measured."
    return table(["CPU us, by our load", "one at a time, `/get` and `/put`", "`/v1/keys`", "ratio",
                  "rounds", "16 pipelined, `/get` and `/put`", "`/v1/keys`", "ratio", "rounds"],
                 rows)


def peers_table(results):
    names = [row["name"].partition("/")[::2] for row in results.in_process()
             if row["program"] == "peers_bench" and row["threads"] == 1]
    works = list(dict.fromkeys(work for _, work in names))
    rows = []
    for peer, work in sorted(names, key=lambda name: works.index(name[1])):
        name, leveldb = f"{peer}/{work}".strip("/"), f"leveldb/{work}"
        one, two = results.rates(name), results.rates(name, 2)
        title = f"{WORK_NAMES.get(work, work)}, {PEER_NAMES.get(peer, peer)}".removeprefix(", ")
        cells = [title]
        for mine, above, below in ((one, one, results.rates(leveldb)),
                                   (two, two, results.rates(leveldb, 2)), (None, two, one)):
            found = quotients(above, below)
            cells += [] if mine is None else [millions(middle_rate(mine))]
            cells += [number(median(found)), spread(found)]
        rows.append(cells)
    return table(["in-process", "millions/s, one thread", "to LevelDB", "rounds", "two threads",
                  "to LevelDB", "rounds", "two to one", "rounds"], rows)


def parts_table(results):
    rows = []
    for row in results.in_process():
        if row["program"] == "peers_bench":
            continue
        millions_a_second = [None if each is None else each / 1e6 for each in row["samples"]]
        digits, unit = (0, "MB/s") if row["unit"] == "bytes" else (2, "millions/s")
        rows.append([f"`{row['program']}` {row['name']}", row["threads"],
                     f"{number(middle_rate(millions_a_second), digits)} {unit}",
                     spread(millions_a_second, digits)])
    return table(["", "threads", "", "rounds"], rows) if rows else ""


def in_process_block(results):
    parts = [peers_table(results) if results.rates("cubby/get") else "", parts_table(results)]
    return "\n\n".join(part for part in parts if part) or "Not measured."


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
    "builds": builds_block,
    "depths": depths_block,
    "workers": workers_block,
    "close": close_block,
    "crowds": crowds_block,
    "entries": entries_block,
    "values": values_block,
    "faces": faces_block,
    "in_process": in_process_block,
    "instructions": instructions_block,
}


def blocks_in(page):
    """The names of the blocks in a page, in order."""
    return [name for _, name, _ in BLOCK.findall(page)]


def when_updated(results, part):
    """A note on a part that was measured at another time than the rest; empty on others."""
    update = results.data.get("updates", {}).get(part)
    if not update:
        return ""
    return (f"\n\nMeasured by itself: {update['date']}, cubby {update['version']}, "
            f"{BUILDS[update['build']]}.")


def put_into(page, results):
    """The page with its blocks written anew; without results they say so."""
    def block(found):
        name = found[2]
        text = BLOCKS[name](results) + when_updated(results, name) if results else NOT_MEASURED
        return f"{found[1]}{text}\n{found[3]}"

    return BLOCK.sub(block, page)
