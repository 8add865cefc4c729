"""What the forwarder is made of, and what is around it."""

from docs.images.drawing import Drawing


def picture() -> str:
    """Return the picture."""
    drawing = Drawing(
        860,
        478,
        "Architecture of mezmo-forwarder",
        "Log groups and Kinesis streams of your stacks lead through subscriptions to a Lambda function in "
        "the forwarder's stack, which sends lines to Mezmo. What Mezmo does not take lies in a bucket, and a "
        "second function sends it again.",
    )
    drawing.area(16, 16, 186, 330, "Your stacks")
    drawing.box(30, 56, 158, 36, "/aws/ecs/web", named="mono")
    drawing.box(30, 102, 158, 36, "/aws/lambda/orders", named="mono")
    drawing.box(30, 148, 158, 54, "any log group", "or all of an account")
    drawing.box(30, 212, 158, 54, "Kinesis stream", "other accounts' logs")
    drawing.text(30, 296, "Nothing here depends")
    drawing.text(30, 313, "on the forwarder.")

    drawing.area(234, 16, 420, 446, "The forwarder's stack")
    drawing.box(
        250, 56, 128, 146, "Subscriptions", "a filter for each", "log group;", "one permission", "for all"
    )
    drawing.box(420, 56, 220, 146, "Forwarder", "Lambda, Python, 128 MB",
                "documents → lines", "→ batches → gzip", "tries again, counts", kind="ours")  # fmt: skip
    for y in (74, 120, 175):
        drawing.arrow((188, y), (250, y))
    drawing.arrow((188, 239), (404, 239), (404, 184), (420, 184))
    drawing.arrow((378, 120), (420, 120))

    drawing.box(250, 268, 154, 72, "Own log group", "one line a run,", "metrics, alarms", kind="card")
    drawing.arrow((430, 202), (430, 304), (404, 304))
    drawing.box(
        456, 268, 184, 72, "Undelivered store", "S3: what Mezmo did", "not take, log events", kind="kept"
    )
    drawing.arrow((548, 202), (548, 268), kind="kept")
    drawing.text(540, 232, "not taken", anchor="end", tone="kept")
    drawing.box(456, 376, 184, 70, "Re-drive", "Lambda, every 5 minutes,", "oldest first", kind="ours")
    drawing.arrow((548, 340), (548, 376), kind="kept")

    drawing.area(686, 16, 158, 330, "Mezmo")
    drawing.box(698, 56, 134, 60, "Log Analysis", "/logs/ingest")
    drawing.box(698, 142, 134, 60, "or a Pipeline", "/v1/<route>")
    drawing.arrow((640, 86), (698, 86), kind="good")
    drawing.arrow((640, 172), (698, 172), kind="good")
    drawing.arrow((640, 411), (765, 411), (765, 202), kind="good")
    drawing.text(773, 296, "again", tone="good")

    drawing.box(16, 376, 186, 70, "Ingestion key", "Secrets Manager or", "Parameter Store")
    drawing.arrow((202, 411), (443, 411), (443, 202), dashed=True)
    drawing.text(250, 404, "read at run time")
    return drawing.svg()
