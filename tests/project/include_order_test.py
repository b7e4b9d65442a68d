"""Fails when an #include goes against the order of the layers: core <- protocol <- server <- app."""

import pathlib
import re
import sys
import tempfile
import unittest

LAYERS = ["core", "protocol", "server", "app"]

# The parts from outside that only some layers may use: where each is allowed, by the start of the
# header's name. The protocol has Beast's parser, but nothing that opens a socket.
PARTS = {
    "boost/asio": ["server", "app"],
    "boost/beast": ["protocol", "server"],
    "boost/": ["protocol", "server", "app"],
    "nlohmann/": ["protocol"],
    "spdlog/": ["app"],
    "CLI/": ["app"],
    "sys/socket.h": ["server", "app"],
    "netinet/": ["server", "app"],
    "arpa/": ["server", "app"],
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
SOURCES = {".cpp", ".hpp", ".h", ".ipp"}


def included(path):
    """(line, quote, header) of each #include in a file."""
    text = path.read_text(encoding="utf-8")
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def public_problem(quote, header):
    standard = quote == "<" and re.fullmatch(r"[a-z_]+", header)
    if not standard and not (quote == "<" and header.startswith("cubby/")):
        return "the public headers may include the standard library and cubby/ only"
    return None


def layer_problem(layer, quote, header):
    if quote == '"':
        target = header.split("/")[0]
        if target not in LAYERS:
            return "our own headers are named from src/, as in \"core/shard.hpp\""
        if LAYERS.index(target) > LAYERS.index(layer):
            return f"{layer} may not know of {target}"
        return None
    for start, allowed in PARTS.items():
        if header.startswith(start):
            return None if layer in allowed else f"{start} is not for {layer}"
    return None


def problems(root):
    """Every #include below root/include and root/src that breaks the order, one line each."""
    found = []

    def check(folder, judge):
        for path in sorted(folder.rglob("*")):
            if path.suffix not in SOURCES:
                continue
            for line, quote, header in included(path):
                problem = judge(quote, header)
                if problem:
                    found.append(f"{path.relative_to(root)}:{line}: {header}: {problem}")

    check(root / "include", public_problem)
    for layer in LAYERS:
        check(root / "src" / layer, lambda quote, header, layer=layer:
              layer_problem(layer, quote, header))
    return found


class IncludeOrder(unittest.TestCase):
    def judge(self, path, include):
        """What is said about one #include in an otherwise empty project."""
        with tempfile.TemporaryDirectory() as scratch:
            file = pathlib.Path(scratch, path)
            file.parent.mkdir(parents=True)
            file.write_text(f"#pragma once\n\n  #  include {include}\n", encoding="utf-8")
            return problems(pathlib.Path(scratch))

    def test_what_is_allowed(self):
        for path, include in [
            ("include/cubby/cache.hpp", "<string_view>"),
            ("include/cubby/cache.hpp", "<cubby/clock.hpp>"),
            ("src/core/shard.cpp", '"core/shard.hpp"'),
            ("src/core/hash.hpp", "<xxhash.h>"),
            ("src/core/arena.cpp", "<sys/mman.h>"),
            ("src/protocol/parser.cpp", "<boost/beast/http/basic_parser.hpp>"),
            ("src/protocol/json.cpp", "<nlohmann/json.hpp>"),
            ("src/protocol/service.cpp", "<cubby/cache.hpp>"),
            ("src/server/session.hpp", '"protocol/connection.hpp"'),
            ("src/server/session.hpp", "<boost/asio/ip/tcp.hpp>"),
            ("src/app/main.cpp", '"server/server.hpp"'),
            ("src/app/options.cpp", "<CLI/CLI.hpp>"),
        ]:
            with self.subTest(path=path, include=include):
                self.assertEqual(self.judge(path, include), [])

    def test_what_is_not(self):
        for path, include in [
            ("include/cubby/cache.hpp", '"core/shard.hpp"'),
            ("include/cubby/cache.hpp", "<xxhash.h>"),
            ("include/cubby/cache.hpp", "<boost/version.hpp>"),
            ("include/cubby/cache.hpp", "<sys/mman.h>"),
            ("src/core/cache.cpp", '"protocol/limits.hpp"'),
            ("src/core/cache.cpp", '"shard.hpp"'),
            ("src/core/cache.cpp", '"../protocol/limits.hpp"'),
            ("src/core/cache.cpp", "<boost/asio.hpp>"),
            ("src/core/cache.cpp", "<boost/beast/core.hpp>"),
            ("src/core/cache.cpp", "<nlohmann/json.hpp>"),
            ("src/protocol/service.cpp", '"server/server.hpp"'),
            ("src/protocol/service.cpp", "<boost/asio/buffer.hpp>"),
            ("src/protocol/service.cpp", "<sys/socket.h>"),
            ("src/protocol/deeper/service.cpp", '"server/server.hpp"'),
            ("src/server/session.cpp", '"app/options.hpp"'),
            ("src/server/session.cpp", "<spdlog/spdlog.h>"),
        ]:
            with self.subTest(path=path, include=include):
                found = self.judge(path, include)
                self.assertEqual(len(found), 1, found)
                self.assertIn(f"{path}:3: ", found[0])

    def test_this_project(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        layers = sorted(folder.name for folder in (root / "src").iterdir() if folder.is_dir())
        self.assertEqual(layers, sorted(LAYERS), "a folder of src/ that has no place in the order")
        self.assertEqual("\n".join(problems(root)), "")


if __name__ == "__main__":
    sys.exit(unittest.main())
