"""The failure ways: what Mezmo answers, what the forwarder does then, and where the lines end."""

from docs.images.drawing import Drawing
from handler.delivery.delivery import MOST_HALVINGS, MOST_TRIES

_ROW, _GAP, _TOP = 44, 10, 56

_ROWS = (
    ("Mezmo answers 2xx", "", ""),
    ("207", "each line", "by a status of its own"),
    ("415, a 400 of gzip", "once more,", "uncompressed"),
    ("408, 429, any 5xx,", f"again, at most {MOST_TRIES} times,", "by Retry-After, with jitter"),
    ("401, 403", "the key is read again,", "once"),
    ("any other 3xx, 4xx", "nothing, but an alarm:", "no document tells of it"),
    ("413, 400 of size", f"halved, {MOST_HALVINGS} times at most;", "one line: split"),
    ("any other 400", "nothing:", "it will never be taken"),
    ("S3 fails as well", "the invocation fails;", "Lambda repeats it twice"),
    ("a crash, a time-out,", "Lambda repeats it, waits", "up to 6 hours, gives it up"),
)
_SECOND = {3: "time-outs, resets, no DNS", 9: "no capacity"}


def picture() -> str:
    """Return the picture."""
    drawing = Drawing(
        860,
        _TOP + len(_ROWS) * (_ROW + _GAP) + 52,
        "The failure ways",
        "For each answer of Mezmo, and for failures of S3 and of the function: what the forwarder does, "
        "and whether the lines are delivered, kept to be sent again, or rejected for good.",
    )
    for x, text in ((16, "What happens"), (236, "What the forwarder does"), (490, "Where the lines are"),
                    (712, "And then")):  # fmt: skip
        drawing.text(x, 34, text, "head")
    for number, (answer, does, more) in enumerate(_ROWS):
        y = _y(number)
        drawing.box(16, y, 184, _ROW, answer, *([_SECOND[number]] if number in _SECOND else []))
        if does:
            drawing.arrow((200, y + _ROW / 2), (236, y + _ROW / 2))
            drawing.box(236, y, 210, _ROW, does, more, kind="ours", named="note")
    _ends(drawing)
    return drawing.svg()


def _ends(drawing: Drawing) -> None:
    """Draw where lines end, from which rows, and the re-drive."""
    x, width = 490, 168
    ends = (
        ((0,), "Delivered", ["counted"], "good"),
        ((3, 4, 5), "undelivered/",
         ["in the store: log events", "as they came, gzip,", "for 30 days at most"], "kept"),
        ((6, 7), "rejected/", ["in the store, with", "the reason, for 90 days"], "bad"),
        ((8, 9), "aws/lambda/", ["in the same bucket,", "written by Lambda itself"], "kept"),
    )  # fmt: skip
    for rows, title, notes, kind in ends:
        top, bottom = _y(rows[0]), _y(rows[-1]) + _ROW
        drawing.box(x, top, width, bottom - top, title, *notes, kind=kind)
        for row in rows:
            drawing.arrow((446 if row else 200, _y(row) + _ROW / 2), (x, _y(row) + _ROW / 2), kind=kind)
    for row in (1, 2):
        drawing.arrow((446, _y(row) + _ROW / 2), (x, _y(row) + _ROW / 2))
        drawing.text(x + 8, _y(row) + _ROW / 2 + 4, "judged by this table again")
    left, right = x + width, 712
    drawing.box(right, _y(3), 132, _y(9) + _ROW - _y(3), "Re-drive", "every 5 minutes,", "oldest first,",
                "at most 1 MiB/s;", "deletes after", "each line", "was taken", kind="ours")  # fmt: skip
    for row, kind in ((4, "kept"), (9, "kept")):
        drawing.arrow((left, _y(row) + _ROW / 2), (right, _y(row) + _ROW / 2), kind=kind)
    y = (_y(6) + _y(7) + _ROW) / 2
    drawing.arrow((left, y), (right, y), kind="bad", dashed=True)
    drawing.text((left + right) / 2, y - 7, "by hand", anchor="middle", tone="bad")
    drawing.arrow((right + 66, _y(3)), (right + 66, _y(0) + _ROW / 2), (left, _y(0) + _ROW / 2), kind="good")
    drawing.text(right + 58, _y(1) + 30, "to Mezmo,", anchor="end")
    drawing.text(right + 58, _y(1) + 47, "by the same table", anchor="end")
    drawing.text(
        16,
        _y(10) + 16,
        "While Mezmo is away a warm function stores at once, and asks with one request from time to time.",
    )
    drawing.text(
        16,
        _y(10) + 34,
        "Received = delivered + filtered + stored + rejected, in each invocation and in the metrics.",
    )


def _y(row: int) -> float:
    return _TOP + row * (_ROW + _GAP)
