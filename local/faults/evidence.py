"""What was seen of a run, put together: which invocation sent which request, and what came of both."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from local.aws import Invocation
from local.faults.duplicates import Cause, Handling, Sending
from local.faults.events import Identity
from local.faults.proxy import Exchange, Forward
from local.faults.reconciliation import LineKey, line_key
from local.faults.stored import events_in
from local.mezmo import Answer, CommittedLine, PartialMix, Pass, RecordedConnection, RecordedRequest

Asked = RecordedRequest | Exchange
"""What a function asked: of Mezmo, or of AWS."""

UNDELIVERED, FAILED_INVOCATIONS = "undelivered/", "aws/lambda/"


@dataclass(frozen=True)
class Evidence:
    """Everything that the stand-in, the proxy, the local AWS and the prelude have recorded.

    forwarder, redrive: the functions' names.
    left: the requests whose clients did not wait for the whole answer.
    owner: which process had a port at a time.
    killed: the processes that the harness has killed.
    unresolved: when which process did not find the way to AWS, as names were broken.
    """

    forwarder: str
    redrive: str
    lines: Sequence[CommittedLine]
    requests: Sequence[RecordedRequest]
    connections: Sequence[RecordedConnection]
    left: frozenset[int]
    exchanges: Sequence[Exchange]
    invocations: Sequence[Invocation]
    owner: Callable[[int, float], int | None]
    killed: frozenset[int]
    unresolved: Sequence[tuple[int, float]] = ()

    @cached_property
    def taken(self) -> dict[int, frozenset[LineKey]]:
        """By a request's number, the lines that Mezmo took of it."""
        found: defaultdict[int, set[LineKey]] = defaultdict(set)
        for line in self.lines:
            found[line.request].add(line_key(line.fields))
        return {number: frozenset(lines) for number, lines in found.items()}

    @cached_property
    def by_invocation(self) -> list[tuple[Invocation, list[Asked]]]:
        """What each invocation asked of Mezmo and AWS, in order of time; what nobody asked is left out."""
        found: list[tuple[Invocation, list[Asked]]] = [(one, []) for one in self.invocations]
        of_process: defaultdict[int | None, list[tuple[Invocation, list[Asked]]]] = defaultdict(list)
        for one in found:
            of_process[one[0].pid].append(one)
        asked: list[Asked] = [*self.requests, *self.exchanges]
        for what in sorted(asked, key=lambda one: one.time):
            pid = self._process_of(what)
            candidates = of_process[pid] if pid is not None else []
            if place := bisect_right(candidates, what.time, key=lambda one: one[0].began):
                candidates[place - 1][1].append(what)
        return found

    @cached_property
    def unattributed(self) -> list[RecordedRequest]:
        """The requests that no invocation is known to have sent: there must be none."""
        known = {id(what) for _, asked in self.by_invocation for what in asked}
        return [request for request in self.requests if id(request) not in known]

    @cached_property
    def handlings(self) -> list[Handling]:
        """What was done with log events, by whom, and whether they were forgotten then."""
        found: list[Handling] = []
        for invocation, asked in self.by_invocation:
            if invocation.function == self.forwarder:
                found.append(self._handling(asked, self._why_again(invocation, asked)))
            elif invocation.function == self.redrive:
                found += self._of_redrive(invocation, asked)
        return found

    @cached_property
    def refusals(self) -> dict[Identity, set[int]]:
        """By log event, the statuses with which the script refused a request or a line that held it."""
        found: defaultdict[Identity, set[int]] = defaultdict(set)
        for request in self.requests:
            codes = _scripted_codes(request)
            for line, code in zip(request.lines, codes, strict=bool(codes)):
                if isinstance(line.value, dict) and line.problem is None:
                    found[line_key(line.value)[0]].add(code)
        return found

    def is_lost(self, request: RecordedRequest) -> bool:
        """Tell whether the function could not know from the answer what Mezmo took."""
        understood = request.status is not None and 200 <= request.status < 300
        if request.status == 207 and isinstance(request.fault, Answer):
            understood = False
        return not understood or request.number in self.left

    def _process_of(self, asked: Asked) -> int | None:
        if isinstance(asked, Exchange):
            return self.owner(asked.port, asked.time)
        return self._connection_owners[asked.connection]

    @cached_property
    def _connection_owners(self) -> dict[int, int | None]:
        return {one.number: self.owner(one.port, one.time) for one in self.connections}

    def _why_again(self, invocation: Invocation, asked: Sequence[Asked]) -> Cause | None:
        """Return why Lambda gives a function its event again; None if it does not."""
        failed = isinstance(invocation.answer, dict) and invocation.answer.get("batchItemFailures")
        match invocation.outcome:
            case "response" if not failed:
                return None
            case "response" | "error":
                return Cause.STORE_FAILED if self._went_wrong(invocation, asked) else Cause.FAILED
            case "timeout":
                return Cause.TIMED_OUT
        return Cause.KILLED if invocation.pid in self.killed else Cause.FAILED

    def _went_wrong(self, invocation: Invocation, asked: Iterable[Asked]) -> bool:
        """Tell whether S3 met a fault, or was not found: only then is a failure to store one of S3's."""
        if any(
            isinstance(one, Exchange) and one.call.service == "s3" and not isinstance(one.fault, Forward)
            for one in asked
        ):
            return True
        ended = invocation.ended or invocation.began
        return any(
            pid == invocation.pid and invocation.began <= moment <= ended for pid, moment in self.unresolved
        )

    def _of_redrive(self, invocation: Invocation, asked: Sequence[Asked]) -> Iterator[Handling]:
        """Yield what was done with one object after the other, each from when it was read."""
        key = ""

        def source(one: Asked) -> str:
            nonlocal key
            if isinstance(one, Exchange) and one.call.operation == "GetObject":
                key = one.call.key
            return key

        for key_read, group in groupby(asked, source):
            if not key_read.startswith((UNDELIVERED, FAILED_INVOCATIONS)):
                continue
            done = list(group)
            settled = any(
                one.carried_out and one.call.key == key_read and one.call.operation != "GetObject"
                for one in done
                if isinstance(one, Exchange)
            )
            again = None
            if not settled:
                again = self._why_again(invocation, done)
                went_wrong = self._went_wrong(invocation, done)
                again = again or (Cause.STORE_FAILED if went_wrong else Cause.FAILED)
            yield self._handling(done, again)

    def _handling(self, asked: Iterable[Asked], again: Cause | None) -> Handling:
        sendings, stored = [], set[Identity]()
        for one in asked:
            if isinstance(one, RecordedRequest):
                if taken := self.taken.get(one.number):
                    sendings.append(Sending(taken, lost=self.is_lost(one)))
            elif (
                one.carried_out and one.call.operation == "PutObject" and one.call.key.startswith(UNDELIVERED)
            ):
                stored |= {event.identity for event in events_in(one.content)}
        return Handling(sendings, frozenset(stored), again)


def _scripted_codes(request: RecordedRequest) -> list[int]:
    """Return the code that each line of a request met by the script; nothing if it met none."""
    match request.fault:
        case PartialMix() as mix if request.status == 207:
            return mix.codes(len(request.lines))
        case Pass():
            return []
    return [request.status or 0] * len(request.lines)
