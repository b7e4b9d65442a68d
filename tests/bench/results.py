"""Reads what was measured: medians, and ratios between samples of the same round."""

import statistics

RATE, CPU, ERRORS = range(3)
# A server that is busy for less of the time than this had to wait for its load.
BUSY = 0.9


def median(numbers):
    return statistics.median(numbers) if numbers else None


def column_of(row, column=CPU):
    """One number a round, None where it could not be measured; empty without a row."""
    if row is None:
        return []
    return [None if sample is None else sample[column] for sample in row["samples"]]


def quotients(above, below):
    """One a round; a round in which one of the two is missing is left out."""
    return [mine / theirs for mine, theirs in zip(above, below) if mine is not None and theirs]


def ratios(row, other, column=CPU):
    """One row's sample by the other's for each round; empty where one is missing."""
    return quotients(column_of(row, column), column_of(other, column))


def ratio(row, other, column=CPU):
    """The median of these."""
    return median(ratios(row, other, column))


def middle(row, column=CPU):
    return median([number for number in column_of(row, column) if number is not None])


def errors_of(row):
    return sum(errors or 0 for errors in column_of(row, ERRORS))


def load_is_limit(row):
    """Whether the server had time left, so that its requests a second are those of the load."""
    return middle(row, RATE) * middle(row) / 1e6 < BUSY * row["server"]["workers"]


class Results:
    """What bench.measure() came to."""

    def __init__(self, data):
        self.data = data

    def rows(self, comparison, kind=None, **wanted):
        """The rows of a comparison of that kind of server, whose server or load is as wanted."""
        return [row for row in self.data.get("comparisons", {}).get(comparison, [])
                if kind in (None, row["server"]["kind"])
                and all({**row["server"], **row["load"]}[key] == value
                        for key, value in wanted.items())]

    def row(self, comparison, kind, **wanted):
        """The first such row, or None."""
        found = self.rows(comparison, kind, **wanted)
        return found[0] if found else None

    def in_order(self, comparison, key):
        """The different values of `key` in the servers and loads of a comparison, ascending."""
        return sorted({{**row["server"], **row["load"]}[key] for row in self.rows(comparison)})

    def in_process(self):
        return self.data.get("in_process") or []

    def rates(self, name, threads=1):
        """Items a second of a benchmark of peers_bench, one a round; None where it failed."""
        for row in self.in_process():
            if (row["program"], row["name"], row["threads"]) == ("peers_bench", name, threads):
                return row["samples"]
        return []

    def errors(self):
        """(comparison, kind of server, errors) of each row that had some."""
        found = []
        for name, rows in self.data.get("comparisons", {}).items():
            for row in rows:
                if errors_of(row):
                    found.append((name, row["server"]["kind"], errors_of(row)))
        return found

    def lacking(self):
        """(comparison or program, server or benchmark, rounds) of what could not be measured."""
        found = [(name, row["server"]["kind"], row["samples"].count(None))
                 for name, rows in self.data.get("comparisons", {}).items() for row in rows]
        found += [(row["program"], row["name"], row["samples"].count(None))
                  for row in self.in_process()]
        return [entry for entry in found if entry[2]]
