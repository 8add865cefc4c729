"""Shapes of stack traces: which lines belong together, and which belong to none."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.events.joining import join
from handler.settings import Multiline
from handler.texts.shapes import NO_TIMESTAMP
from tests.handler.cloudwatch import received
from tests.handler.events.joined import as_events, joined

# What a log holds, by the lines that it should be. Each is sent as one log event a line of text.
TRACES = {
    "java": [
        "2026-11-25 10:00:00 INFO  c.e.Shop - ready",
        """\
2026-11-25 10:00:01 ERROR c.e.Shop - order 5 was not taken
o.s.web.util.NestedServletException: Request failed; nested exception is java.lang.IllegalStateException: x
\tat com.example.Shop.order(Shop.java:42) ~[classes/:na]
\tat java.base/java.lang.Thread.run(Thread.java:840)
Caused by: java.lang.IllegalStateException: sold out
\tat com.example.Stock.take(Stock.java:7)
\tSuppressed: java.io.IOException: closed
\t\tat com.example.Stock.close(Stock.java:9)
\t... 12 common frames omitted""",
        "2026-11-25 10:00:02 INFO  c.e.Shop - next",
        """\
Exception in thread "main" java.lang.NullPointerException
    at com.example.Main.main(Main.java:3)""",
        """\
java.lang.OutOfMemoryError: Java heap space
\tat com.example.Main.main(Main.java:4)""",
        """\
java.lang.StackOverflowError
\tat com.example.Main.main(Main.java:4)""",
        "done",
    ],
    "python": [
        "INFO:root:ready",
        """\
ERROR:root:order 5 was not taken
Traceback (most recent call last):
  File "/app/shop.py", line 5, in order
    stock.take(item)
    ~~~~~~~~~~^^^^^^
KeyError: 'item'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/shop.py", line 7, in order
    raise SoldOut(item) from None
shop.errors.SoldOut: item""",
        "INFO:root:next",
        """\
Traceback (most recent call last):
  File "/app/shop.py", line 9, in <module>
    main()
KeyboardInterrupt""",
        "bye: now",
    ],
    "node": [
        "ready on port 3000",
        """\
/app/shop.js:5
    throw new SoldOut(item);
    ^

SoldOut: item
    at order (/app/shop.js:5:11)
    at node:internal/main/run_main_module:28:49 {
  code: 'SOLD_OUT',
  [cause]: Error: none left
      at take (/app/stock.js:2:9)
}

Node.js v22.11.0""",
        "next",
        """\
TypeError [ERR_INVALID_ARG_TYPE]: no
    at f (/app/shop.js:1:1)""",
        """\
Error: two
    at f (/app/shop.js:1:1)""",
        "next",
    ],
    "go": [
        "2026/11/25 10:00:00 ready",
        """\
panic: sold out [recovered]
\tpanic: sold out

goroutine 1 [running]:
main.(*Shop[...]).order(0xc000012345, {0x1, 0x2})
\t/app/shop.go:12 +0x1d
main.main()
\t/app/main.go:5 +0x20
created by net/http.(*Server).Serve in goroutine 1
\t/usr/local/go/src/net/http/server.go:3285 +0x4b4

goroutine 7 [select]:
net/http.(*persistConn).writeLoop(0xc0000b6000)
\t/usr/local/go/src/net/http/transport.go:2458 +0xf0
exit status 2""",
        """\
2026/11/25 10:00:01 http: panic serving 10.0.0.1:52123: sold out
goroutine 8 [running]:
net/http.(*conn).serve.func1()
\t/usr/local/go/src/net/http/server.go:1947 +0xb0""",
        "2026/11/25 10:00:02 next",
    ],
    "dotnet": [
        """\
info: Shop[0]
      ready""",
        """\
fail: Shop[0]
      order 5 was not taken
      System.InvalidOperationException: sold out
         at Shop.Stock.Take(Item item) in /src/Stock.cs:line 5""",
        """\
Unhandled exception. System.InvalidOperationException: sold out
 ---> System.IO.IOException: closed
   at Shop.Stock.Take(Item item) in /src/Stock.cs:line 5
   --- End of inner exception stack trace ---
   at Shop.Program.Main() in /src/Program.cs:line 3
--- End of stack trace from previous location ---
   at Shop.Program.Run()""",
        """\
2026-11-25 10:00:00 [ERR] order 5 was not taken
System.InvalidOperationException: sold out
   at Shop.Program.Main() in /src/Program.cs:line 3""",
        "next",
    ],
    "ruby": [
        "I, [2026-11-25T10:00:00.000000 #1]  INFO -- : ready",
        """\
app.rb:5:in `take': sold out (RuntimeError)
\tfrom app.rb:9:in `order'
\tfrom app.rb:12:in `<main>'""",
        """\
E, [2026-11-25T10:00:01.000000 #1] ERROR -- : sold out (RuntimeError)
app.rb:5:in 'Stock#take'
app.rb:9:in 'Shop#order'""",
        "I, [2026-11-25T10:00:02.000000 #1]  INFO -- : next",
        """\
ActiveRecord::RecordNotFound (Couldn't find Item):

app/models/item.rb:3:in `find'""",
        "next",
    ],
    "timestamp": [
        """\
2026-11-25 10:00:00,123 one
two

  three""",
        """\
[2026-11-25T10:00:01Z] one
two""",
        """\
INFO  2026/11/25 10:00:02 one
two""",
        """\
25/Nov/2026:10:00:03 +0000 one
two""",
        """\
25.11.2026 10:00:03 one
10.0.0.1 two
1.5 three""",
        """\
Nov 25 10:00:04 one
two""",
        """\
Wed Nov 25 10:00:04 2026 one
Wednesday two
November three""",
        """\
Wed, 25 Nov 2026 10:00:05 GMT one
two""",
        """\
10:00:06.5 one
two""",
        """\
I1125 10:00:07.000000 1 one.go:1] one
two""",
        """\
E, [2026-11-25T10:00:08.000000 #1] one
two""",
        """\
1795000000 one
17 two""",
        """\
1795000000123 one
17950000001 two""",
        "START RequestId: 6b1e Version: $LATEST",
        '{"json": "alone"}',
        "END RequestId: 6b1e",
    ],
}


@pytest.mark.parametrize("kind", TRACES)
def test_ready_made_shapes(kind: Any) -> None:
    assert joined(as_events(TRACES[kind]), Multiline(kind)) == TRACES[kind]


@pytest.mark.parametrize("kind", [kind for kind in TRACES if kind != "timestamp"])
@pytest.mark.parametrize("end", ["\n", " \r\n"])
def test_all_languages_at_once_with_or_without_a_line_feed_at_the_end(kind: str, end: str) -> None:
    whole = "".join(joined([text + end for text in as_events(TRACES[kind])]))
    assert whole == "".join(text + end for text in as_events(TRACES[kind]))
    texts = [
        text.replace(end, "\n").rstrip() for text in joined([text + end for text in as_events(TRACES[kind])])
    ]
    assert [text for text in texts if text] == TRACES[kind]


@pytest.mark.parametrize("kind", ["java", "python", "node", "go", "dotnet", "ruby", "stack-traces"])
@pytest.mark.parametrize(
    "messages",
    [
        ["one", "two", "three: four", "Five: six", "(seven)", "}", "--", "a.b.C", "f(x)"],
        ["ERROR one", "ERROR two", "foo.bar: error", "Error handling is fun", "error: Error", "x:1:in y"],
        ["", " ", "\n", "\t"],
        ["one", "", "two"],
        ["one", "", "  two"],
        ["one", "  \n", "two"],
        ["one", "\n", "  \n", "two"],
        [5, {"a": 1}, None, ["x"]],
        ['{"a": 1}', '"quoted"', "\\tno tab", "\\n"],
    ],
)
def test_what_belongs_to_no_trace_is_left_alone(kind: Any, messages: list[object]) -> None:
    document = received(messages)
    got = join(Multiline(kind), document)
    assert got.document.log_events == document.document.log_events
    assert got.packed == document.packed


def test_an_empty_line_is_joined_only_if_the_trace_goes_on() -> None:
    trace = ["panic: x", "", "goroutine 1 [running]:", "main.main()", "\t/a.go:1 +0x1"]
    assert joined([*trace, "", "", "next"]) == ["\n".join(trace), "", "", "next"]
    assert joined([*trace, "", "", "\tmore"]) == ["\n".join([*trace, "", "", "\tmore"])]


@given(st.text(max_size=400) | st.from_regex(re.compile(NO_TIMESTAMP.pattern.decode("latin-1"))))
def test_any_text_goes_through_every_shape(text: str) -> None:
    for kind in TRACES:
        assert "".join(joined([text, text, " x"], Multiline(kind)))  # type: ignore[arg-type]
