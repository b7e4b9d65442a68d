"""What cubby's parser accepts, the parser inside Node accepts, and with the same meaning.

Requests are drawn from a grammar that has most ways to write one, right and wrong, and some bytes
are changed here and there. Node may be more lenient: then cubby has refused what Node takes. The
other way round there are two readings of the same bytes, which is how requests are smuggled.
"""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from request_grammar import Grammar  # noqa: E402

DRIVER = sys.argv.pop(1)
NODE_SCRIPT = ROOT / "tests" / "e2e" / "node_requests.js"
SKIPPED = 77
CASES = int(os.environ.get("CUBBY_NODE_CASES", "40000"))
SEED = int(os.environ.get("CUBBY_NODE_SEED", "1"))


def read_with(command, cases):
    """How a program reads each case; see parse_requests.cpp."""
    stream = b"".join(struct.pack("<I", len(case)) + case for case in cases)
    done = subprocess.run(command, input=stream, stdout=subprocess.PIPE, timeout=250, check=True)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    if len(results) != len(cases):
        raise AssertionError(f"{command[0]} has read {len(results)} of {len(cases)} cases")
    return results


# What some version of Node refuses and cubby accepts: because RFC 9110 and RFC 9112 say so, but for
# the first.
NODE_IS_STRICTER = [
    # White space after a field's value may be a tab (RFC 9110, section 5.5).
    rb"(?i)keep-alive[ \t]*\t",
    rb"(?i)content-length:[ \t]*[0-9]+ *\t[ \t]*\r\n",
    rb"(?i)transfer-encoding:[ \t]*chunked *\t[ \t]*\r\n",
    # So may what is around the parts of a chunk extension (RFC 9112, section 7.1.1), whose quoted
    # strings may have bytes that are not ASCII (RFC 9110, section 5.6.4).
    rb"\n[0-9A-Fa-f]+([ \t]+;|;[^\r\n]*[ \t\x80-\xff])",
]


def may_refuse(result, case):
    return result["error"] is not None and any(re.search(line, case) for line in NODE_IS_STRICTER)


def origin_form(method, target):
    """The target without scheme and authority, in hexadecimal as it is given."""
    text = re.sub(rb"^http://[^/?]*", b"", bytes.fromhex(target), flags=re.IGNORECASE)
    if text != bytes.fromhex(target) and not text.startswith(b"/"):
        # Without a path it is "/", or "*" (RFC 9112, section 3.2.4).
        text = b"*" if method == "OPTIONS" and not text else b"/" + text
    return text.hex()


def difference(case, ours, theirs):
    """How Node reads otherwise what cubby accepts, in words; None when it does not."""
    for number, request in enumerate(ours["requests"]):
        if number == len(theirs["requests"]):
            return None if may_refuse(theirs, case) else f"Node has no request {number}"
        other = dict(theirs["requests"][number])
        other["target"] = origin_form(other["method"], other["target"])
        # "close" wins over "keep-alive" (RFC 9112, section 9.3). Where cubby closes, nothing that
        # follows has a second reading.
        if not request["keep_alive"]:
            other["keep_alive"] = False
        # Node does not know an option that a tab follows.
        if request["keep_alive"] and re.search(rb"(?i)keep-alive[ \t]*\t", case):
            other["keep_alive"] = True
        if request != other:
            return f"request {number} is another one"
    if ours["whole"] and (len(ours["requests"]) != len(theirs["requests"]) or not theirs["whole"]):
        return "for Node it is not the end"
    return None


@unittest.skipUnless(shutil.which("node"), "node is not installed")
class SameMeaning(unittest.TestCase):
    def test_what_is_accepted_node_accepts(self):
        grammar = Grammar(SEED)
        cases = [grammar.case() for _ in range(CASES)]
        ours = read_with([DRIVER], cases)
        theirs = read_with(["node", NODE_SCRIPT], cases)
        wrong = []
        for case, mine, other in zip(cases, ours, theirs):
            what = difference(case, mine, other)
            if what is not None:
                wrong.append(f"{what}: {case!r}\n  cubby {mine}\n  Node  {other}")
        accepted = sum(len(result["requests"]) for result in ours)
        stricter = sum(len(mine["requests"]) < len(other["requests"])
                       for mine, other in zip(ours, theirs))
        print(f"{CASES} cases, {accepted} requests accepted, more by Node in {stricter} cases, "
              f"other ones in {len(wrong)}")
        self.assertGreater(accepted, CASES // 4)
        self.assertFalse(wrong, "\n".join(sorted(wrong, key=len)[:10]))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=2).result
    sys.exit(SKIPPED if result.skipped else not result.wasSuccessful())
