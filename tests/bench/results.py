"""Reads what was measured: medians, and ratios between samples of the same round."""

import statistics

RATE, CPU, ERRORS = range(3)


def median(numbers):
    return statistics.median(numbers) if numbers else None


def divided(above, below):
    """None where one is missing."""
    return None if above is None or not below else above / below


def ratios(row, other, column=CPU):
    """One row's sample by the other's for each round; empty where one is missing."""
    if row is None or other is None:
        return []
    return [mine[column] / theirs[column]
            for mine, theirs in zip(row["samples"], other["samples"]) if theirs[column] > 0]


def ratio(row, other, column=CPU):
    """The median of these."""
    return median(ratios(row, other, column))


def middle(row, column=CPU):
    return None if row is None else median([sample[column] for sample in row["samples"]])


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

    def rate(self, name, threads=1):
        """Items a second of an in-process benchmark of peers_bench, or None."""
        for row in self.data.get("in_process", []):
            if (row["program"], row["name"], row["threads"]) == ("peers_bench", name, threads):
                return row["items_per_second"]
        return None

    def errors(self):
        """(comparison, kind of server, errors) of each row that had some."""
        found = []
        for name, rows in self.data.get("comparisons", {}).items():
            for row in rows:
                errors = sum(sample[ERRORS] for sample in row["samples"])
                if errors:
                    found.append((name, row["server"]["kind"], errors))
        return found
