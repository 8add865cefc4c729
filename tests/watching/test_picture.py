"""The dashboard's picture in the documents is of the dashboard that there is."""

from html import escape

from tests.watching.deployed import dashboard_of, make_stack
from tests.watching.picture import PICTURE


def titles() -> list[str]:
    stack, forwarder = make_stack()
    forwarder.add_alarms()
    forwarder.add_dashboard()
    widgets = [widget["properties"] for widget in dashboard_of(stack)["widgets"]]
    return [one.get("title") or one["markdown"].removeprefix("## ") for one in widgets]


def test_the_picture_shows_every_widget() -> None:
    drawn = PICTURE.read_text(encoding="utf-8")

    assert [title for title in titles() if f">{escape(title)}<" not in drawn] == [], "run `projen pictures`"
