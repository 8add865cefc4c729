"""The story of one log event: each request, object and invocation that had to do with it, in order."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from local.aws import Invocation
from local.faults.events import Event, Identity
from local.faults.evidence import Evidence
from local.faults.proxy import Exchange
from local.faults.reconciliation import line_key
from local.faults.stored import events_in, events_of
from local.mezmo import RecordedRequest

_LONGEST_TEXT = 200
_LONGEST_LINE = 400

Entry = tuple[float, str]
"""A moment, in seconds since the epoch, and what happened then."""


class Histories:
    """Everything that was seen, by log event.

    invoked_with: what a function was invoked with, by request id.
    at_the_end: the store's objects at the end, by their keys.
    """

    def __init__(
        self, evidence: Evidence, invoked_with: Callable[[str], object], at_the_end: Mapping[str, bytes]
    ) -> None:
        self._evidence = evidence
        self._entries: defaultdict[Identity, list[Entry]] = defaultdict(list)
        self._keys: defaultdict[Identity, set[str]] = defaultdict(set)
        self._exchanges: defaultdict[str, list[tuple[Exchange, frozenset[Identity]]]] = defaultdict(list)
        self._at_the_end: defaultdict[Identity, list[str]] = defaultdict(list)
        known: dict[str, set[Identity]] = {}
        for invocation, asked in evidence.by_invocation:
            name = invocation.request_id
            if name not in known:
                known[name] = {found.identity for found in events_of(invoked_with(name))}
            concerned = set(known[name])
            for one in asked:
                if isinstance(one, RecordedRequest):
                    concerned |= self._add_request(one, invocation)
                else:
                    self._add_exchange(one)
            self._add_invocation(invocation, concerned)
        for key, body in at_the_end.items():
            for found in events_in(body):
                self._at_the_end[found.identity].append(key)

    def of(self, event: Event) -> str:
        """Tell the story of an event, an entry a line."""
        entries = [*self._entries[event.identity]]
        for key in self._keys[event.identity]:
            for one, held in self._exchanges[key]:
                entries.append((one.time, _told(one, holds=event.identity in held)))
        size, text = len(event.message), event.message[:_LONGEST_TEXT]
        place = f"{event.log_group} {event.log_stream} {event.timestamp}"
        lines = [f"{place}: {size} characters, {text!r}"]
        lines += [f"  {_clock(moment)} {what}" for moment, what in sorted(set(entries))]
        at_the_end = ", ".join(self._at_the_end[event.identity])
        return "\n".join([*lines, f"  at the end in: {at_the_end or 'no object'}"])

    def of_some(self, events: Iterable[Event], most: int) -> list[str]:
        """Tell the stories of events, of those with the same story once."""
        told: dict[str, str] = {}
        for event in events:
            story = self.of(event)
            told.setdefault(story.partition("\n")[2], story)
            if len(told) == most:
                break
        return [*told.values()]

    def _add_request(self, request: RecordedRequest, invocation: Invocation) -> set[Identity]:
        taken = self._evidence.taken.get(request.number, frozenset())
        parts: defaultdict[Identity, list[int]] = defaultdict(list)
        for line in request.lines:
            if isinstance(line.value, dict) and line.problem is None:
                identity, part = line_key(line.value)
                parts[identity] += [part] if (identity, part) in taken else []
        left = ", the client had left" if request.number in self._evidence.left else ""
        what = f"request {request.number} of {len(request.lines)} lines, {request.fault}"
        for identity, found in parts.items():
            outcome = f"parts {sorted(found)} taken" if found else "nothing of it taken"
            told = f"Mezmo: {what}, status {request.status}: {outcome}{left} ({_name(invocation)})"
            self._entries[identity].append((request.time, told))
        return set(parts)

    def _add_exchange(self, one: Exchange) -> None:
        held = frozenset(found.identity for found in events_in(one.content)) if one.content else frozenset()
        for key in {one.call.key, one.call.source} - {""}:
            self._exchanges[key].append((one, held))
        for identity in held:
            self._keys[identity].add(one.call.key)

    def _add_invocation(self, invocation: Invocation, concerned: Iterable[Identity]) -> None:
        lines = [line[:_LONGEST_LINE] for line in invocation.log.splitlines() if line.strip()]
        said = "".join(f"\n      {line}" for line in lines)
        ended = f"{_name(invocation)} ended: {invocation.outcome}{said}"
        for identity in concerned:
            self._entries[identity] += [
                (invocation.began, f"{_name(invocation)} began"),
                (invocation.ended or time.time(), ended),
            ]


def _told(one: Exchange, *, holds: bool) -> str:
    source = f" from {one.call.source}" if one.call.source else ""
    done = "carried out" if one.carried_out else "not carried out"
    heard = "answered" if one.answered else "not answered"
    reason = f" {dict(one.metadata)}" if one.metadata else ""
    what = f"{one.call.operation} {one.call.key}{source}{' with it' if holds else ''}"
    return f"S3: {what}: {one.fault}, status {one.status}, {done}, {heard}{reason}"


def _name(invocation: Invocation) -> str:
    kind = invocation.function.split("-")[1] if "-" in invocation.function else invocation.function
    return f"{kind} {invocation.request_id} in process {invocation.pid}"


def _clock(moment: float) -> str:
    return f"{time.strftime('%H:%M:%S', time.gmtime(moment))}.{int(moment * 1000) % 1000:03d}"
