"""Draws what was measured: writes columns of numbers and has gnuplot draw them."""

import pathlib
import subprocess

from report import SIDES, by_depth, load_name
from results import RATE, middle

KINDS = ("floor", "cubbyd", "nginx", "redis", "memcached")
SCRIPTS = pathlib.Path(__file__).parent


def write_columns(file, rows):
    """One line a row; what is missing is a question mark, which gnuplot leaves out."""
    file.write_text("".join(" ".join("?" if cell is None else str(cell) for cell in row) + "\n"
                            for row in rows), encoding="utf-8")


def depths(results):
    """depth, then requests a second of each kind of server"""
    columns = {kind: dict(by_depth(results, kind)) for kind in KINDS}
    return [[depth] + [middle(columns[kind].get(depth), RATE) for kind in KINDS]
            for depth in sorted(set().union(*columns.values()))]


def crowds(results):
    """connections, then CPU of cubbyd and floor with all active, then with 64"""
    rows = []
    for count in results.in_order("crowds", "connections"):
        cpu = [middle(results.row("crowds", kind, connections=count, active=active))
               for active in (count, 64) for kind in ("cubbyd", "floor")]
        rows.append([count] + cpu)
    return rows


def entries(results):
    """entries, then CPU of cubbyd and, always the same, floor"""
    floor = middle(results.row("entries", "floor"))
    return [[row["server"]["keys"], middle(row), floor]
            for row in results.rows("entries", "cubbyd")]


def values(results):
    """bytes of a value, then CPU of cubbyd and floor for a GET, then for a PUT"""
    return [[size] + [middle(results.row("values", kind, value_bytes=size, put_percent=put))
                      for put in (0, 100) for kind in ("cubbyd", "floor")]
            for size in results.in_order("values", "value_bytes")]


def peers(results):
    """name, load, then CPU one at a time and 16 pipelined"""
    return [[kind, load_name(own)]
            + [middle(results.row("http", kind, depth=depth, put_percent=10, own=own))
               for depth in (1, 16)] for kind, own in SIDES]


PLOTS = {"depths": depths, "crowds": crowds, "entries": entries, "values": values, "peers": peers}


def draw(results, scratch, directory):
    """Writes one SVG a plot into the directory."""
    for name, columns in PLOTS.items():
        data = scratch / f"{name}.dat"
        write_columns(data, columns(results))
        subprocess.run(["gnuplot", "-e", f"data='{data}'; svg='{directory / name}.svg'",
                        f"{name}.gnuplot"], cwd=SCRIPTS, check=True)
