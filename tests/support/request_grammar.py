"""Draws HTTP requests: most ways to write one, right and wrong, with bytes changed in places."""

import random

# What mutations put in.
INTERESTING = [bytes([byte]) for byte in (b"\r\n\t\0 :;,/=\"\\?#%*+-0123af_[]{}|"
                                          b"\x0b\x0c\x1f\x7f\x80\xa0\xff")]
INTERESTING += [b"\r\n", b"\n\n", b"\r\r\n", b" \r\n", b"\r\n ", b"\r\n\r\n", b"0\r\n\r\n", b": ",
                b" :", b"HTTP/1.1", b"GET / HTTP/1.1\r\n"]


class Grammar:
    """Draws requests. Each part is written in the usual way most of the time."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.oddness = 1  # of the case that is being drawn

    def chance(self, share):
        return self.random.random() < share

    def pick(self, usual, *others, unusual=0.06):
        return self.random.choice(others) if self.chance(unusual * self.oddness) else usual

    def any_of(self, *choices):
        return self.random.choice(choices)

    def end_of_line(self):
        return self.pick(b"\r\n", b"\n", b"\r", b"\r\r\n", b" \r\n", b"\t\r\n", unusual=0.01)

    def request_line(self):
        method = self.any_of(b"GET", b"GET", b"HEAD", b"POST", b"POST", b"PUT", b"DELETE",
                             b"OPTIONS", b"PATCH", b"TRACE")
        method = self.pick(method, b"get", b"GE", b"GETT", b"G\tT", b"CONNECT", b"PRI", b"",
                           b"\r\nGET", b"\nGET", b" GET", unusual=0.04)
        target = self.any_of(b"/", b"/put", b"/get?key=a", b"/get?key=%C3%A9&b=+", b"/a/../b",
                             b"/get?")
        target = self.pick(target, b"*", b"http://a/get?key=b", b"HTTP://a:80", b"http://a?key=b",
                           b"https://a/", b"a", b"//a/b", b"/?", b"/??a", b"/\xc3\xa9", b"/a\x80",
                           b"/a#b", b"/a|b\"<>\\^`{}", b"/a\tb", b"/a\0b", b"/a\x7fb", b"/a\x0bb",
                           b"http://a@b/", b"http:///", b"/%", b"a:80", b"/" + b"x" * 300,
                           unusual=0.15)
        version = self.pick(b"HTTP/1.1", b"HTTP/1.0", unusual=0.2)
        version = self.pick(version, b"HTTP/1.2", b"HTTP/2.0", b"HTTP/0.9", b"http/1.1",
                            b"HTTP/1.10", b"HTTP/01.1", b"HTTP/1.1 ", b"HTTP/1 .1", b"HTTP/1",
                            b"HTTP /1.1", b"", unusual=0.04)
        space = self.pick(b" ", b"  ", b"\t", b" \t", b"\x0b", b"", unusual=0.02)
        return method + space + target + self.pick(b" ", b"  ", b"\t", b"", unusual=0.02) + version

    def field(self, name, value):
        colon = self.pick(b": ", b":", b":  ", b":\t", b": \t ", unusual=0.2)
        colon = self.pick(colon, b" : ", b"\t:", b"", b"::", b":\r\n ", b":\n ", unusual=0.02)
        end = self.pick(b"", b" ", b"\t", b" \t ", unusual=0.1)
        name = self.pick(name, name.lower(), name.upper(), name.swapcase(), unusual=0.2)
        return name + colon + value + end

    def host(self):
        return self.pick(b"a", b"a.b:80", b"", b"a b", b"a,b", b"[::1]:8", b"[::1", b"a:b", b"a/b",
                         b"a@b", b"a%20b", b"a\x80", b"a:", b":80", b"a:123456", b"\"a\"", b"a\0",
                         b"a\xa0", unusual=0.15)

    def other_field(self):
        name = self.any_of(b"A", b"Accept", b"X-Y", b"Cookie", b"User-Agent", b"X_Y",
                           b"!#$%&'*+-.^_`|~09")
        name = self.pick(name, b"", b"A B", b"A\0", b"A\x80", b"A(b)", b"A/b", b"A=b", b"\"A\"",
                         b" A", b"\tA", b"A\x0b", b"Content-Length\0", b"Content Length",
                         b"Content_Length", b"Transfer-Encoding\x0b", b"{A}", unusual=0.05)
        value = self.any_of(b"", b"b", b"b c", b"b\tc", b"\"b\\\"\"", b"b,c;d=e", b"\xc3\xa9",
                            b"chunked", b"5")
        value = self.pick(value, b"b\0c", b"b\x7f", b"\x01", b"b\rc", b"b\nc", b"b\r\n c",
                          b"b\r\n\tc", b"b\r\n \r\n", b"\x0b", b"b\x0c", b"\x1b", b"\xa0", b"\xff",
                          unusual=0.05)
        return self.field(name, value)

    def connection_fields(self):
        fields = []
        if self.chance(0.25):
            options = [self.any_of(b"close", b"keep-alive", b"Close", b"Keep-Alive", b"upgrade",
                                   b"x", b"", b"closed", b"close x", b"keep-alivE", b"te",
                                   b"close;a", b"\"close\"")
                       for _ in range(self.random.randint(1, 3))]
            fields.append(self.field(b"Connection",
                                     self.any_of(b",", b", ", b" ,", b",\t").join(options)))
            if self.chance(0.1):
                fields.append(self.field(b"Connection",
                                         self.any_of(b"close", b"keep-alive", b"upgrade")))
        if self.chance(0.06):
            fields.append(self.field(b"Expect",
                                     self.any_of(b"100-continue", b"100-Continue", b"x", b"", b",",
                                                 b"100-continue, 100-continue")))
        return fields

    def length(self, size):
        return self.pick(b"%d" % size, b"+%d" % size, b"-%d" % size, b"%d, %d" % (size, size),
                         b"0x%x" % size, b"00%d" % size, b"%d " % size, b"%d x" % size,
                         b"%d." % size, b"%d,1" % size, b",%d" % size, b"%d," % size, b"",
                         b"%de0" % size, b"1 %d" % size, b"%d" % (size + (1 << 64)),
                         b"%d" % (size + (1 << 32)), b"%d;" % size, b"%d_0" % size,
                         b"\"%d\"" % size, b"\x0b%d" % size, b"%d\0" % size, b"%d" % (size + 1),
                         b"%d" % max(size - 1, 0), unusual=0.08)

    def coding(self):
        return self.pick(b"chunked", b"Chunked", b"chunked,", b",chunked", b"gzip, chunked",
                         b"chunked, chunked", b"chunked;a=b", b"identity", b"identity, chunked",
                         b"chunked, identity", b"\"chunked\"", b"xchunked", b"chunkedx",
                         b"chun ked", b"\x0bchunked", b"chunked\x0b", b"", b"gzip", b"chunked\0",
                         b"ch\xffunked", unusual=0.12)

    def chunk_size(self, size):
        text = self.pick(b"%x" % size, b"%X" % size, b"0%x" % size, b"000000%x" % size, unusual=0.3)
        return self.pick(text, b"+%x" % size, b"-%x" % size, b"0x%x" % size, b" %x" % size,
                         b"%x " % size, b"%x\t" % size, b"", b"g", b"%x.0" % size, b"%x," % size,
                         b"%x_0" % size, b"1%016x" % size, b"0000000000000000%x" % size,
                         b"fffffffffffffff%x" % (size % 16), b"%x\0" % size, unusual=0.04)

    def extension(self):
        if not self.chance(0.15):
            return b""
        return self.any_of(b";a", b";a=b", b";a=\"b;\\\"c\"", b";a;b=c", b"; a", b" ;a", b";a =b",
                           b";a= b", b";", b";;", b";a=", b";=b", b";a=\"b", b";a=\"b\r\n\"",
                           b";a\n", b";a\r", b";\x80", b";a=\"\x80\"", b";a\0", b";a=b\x7f",
                           b";a=\"\\\r\n", b"a", b",a", b"\t;\ta", b";a=\"b\"c", b";a=b\"c\"",
                           b";(")

    def trailers(self):
        fields = b""
        while self.chance(0.15):
            fields += self.any_of(b"A: b", b"A:", b"Content-Length: 9",
                                  b"Transfer-Encoding: chunked", b"A b", b":b", b"A : b",
                                  b"A: b\r\n c", b"A: b\0", b"A", b" A: b", b"A: \x80", b"\x80: b",
                                  b"A: b\rc")
            fields += self.end_of_line()
        return fields

    def content(self):
        return self.any_of(b"", b"abc", b'{"key":"k","value":"v"}', b"0\r\n\r\n",
                           b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n", b"\r\n",
                           b"x" * self.random.randint(1, 40))

    def chunked(self, content):
        body = b""
        while content:
            size = self.random.randint(1, len(content))
            body += self.chunk_size(size) + self.extension() + self.end_of_line() + content[:size]
            body += self.pick(b"\r\n", b"\n", b"", b"\r", b"x\r\n", b"\r\n\r\n", unusual=0.01)
            content = content[size:]
        last = self.pick(b"0", b"00", b"0000000000000000000", b"-0", b"+0", b"0x0", b"",
                         unusual=0.05)
        last += self.extension() + self.end_of_line()
        return body + last + self.trailers() + self.end_of_line()

    def request(self):
        fields = [self.field(b"Host", self.host())]
        if self.chance(0.03):
            fields = [] if self.chance(0.5) else fields * 2
        fields += self.connection_fields()
        fields += [self.other_field() for _ in range(self.random.choice((0, 0, 1, 1, 2, 3)))]
        body = b""
        kind = self.random.random()
        if kind < 0.3:
            body = self.content()
            fields.append(self.field(b"Content-Length", self.length(len(body))))
        elif kind < 0.65:
            body = self.chunked(self.content())
            fields.append(self.field(b"Transfer-Encoding", self.coding()))
        if self.chance(0.03):
            fields.append(self.field(b"Content-Length", self.length(len(body))))
        if self.chance(0.02):
            fields.append(self.field(b"Transfer-Encoding", self.coding()))
        self.random.shuffle(fields)
        before = self.pick(b"", b"\r\n", b"\n", b"\r\n\r\n", b"\r", b" ", b"\0", unusual=0.05)
        head = b"".join(line + self.end_of_line() for line in [self.request_line()] + fields)
        return before + head + self.end_of_line() + body

    def mutated(self, case):
        for _ in range(self.random.choice((0, 0, 0, 1, 1, 2, 3))):
            at = self.random.randrange(len(case) + 1)
            length = self.random.choice((0, 0, 1, 1, 2, 8))
            added = self.any_of(b"", self.random.choice(INTERESTING),
                                self.random.choice(INTERESTING), case[at:at + length] * 2,
                                bytes([self.random.randrange(256)]))
            case = case[:at] + added + case[at + length:]
        return case

    def case(self):
        """Some requests, and one that shows where the last of them ended."""
        self.oddness = self.random.choice((0, 0.3, 0.3, 1, 1, 3))
        requests = b"".join(self.request() for _ in range(self.random.choice((1, 1, 1, 2, 3))))
        return self.mutated(requests) + b"GET /end HTTP/1.1\r\nHost: end\r\n\r\n"
