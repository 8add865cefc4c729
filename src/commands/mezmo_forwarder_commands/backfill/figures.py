"""The figures at the end: of what was sent, or would be."""

from dataclasses import asdict

from .counts import OUTCOMES
from .estimate import Estimate
from .pacing import Rate
from .query import as_duration, as_time
from .run import Ended
from .state import Progress
from .target import Target


def status(progress: Progress, ended: Ended) -> int:
    """Return the exit status."""
    if ended.asked:
        return 130
    if ended.why:
        return 3
    return 1 if progress.counts.rejected or not reconciled(progress) else 0


def reconciled(progress: Progress) -> bool:
    """Tell whether what was read is what the function had, and every line of it accounted for."""
    return progress.finished and progress.read == progress.counts.events and progress.counts.add_up


def summary(progress: Progress, ended: Ended, state: str) -> str:
    """Return the figures in words."""
    counts, query = progress.counts, progress.query
    read = progress.read + len(progress.sent)
    makes = [f"{counts.joined:,} events joined to others"] if counts.joined else []
    if more := counts.received + counts.joined - counts.events:
        makes.append(f"{more:,} more by splitting")
    lines = [
        f"{query.log_group}, {as_time(query.start)} to {as_time(query.end)}",
        f"  read   {read:,} log events",
        f"  sent   {counts.events:,} in {counts.documents:,} invocations, each answered with its counts",
        f"  lines  {counts.received:,} = "
        + " + ".join(f"{getattr(counts, name):,} {name}" for name in OUTCOMES)
        + (f"  ({', '.join(makes)})" if makes else ""),
    ]
    if progress.repeated:
        lines.append(
            f"  twice  {progress.repeated:,} log events at most, of invocations of which nobody knows how "
            "they ended; each has its event id"
        )
    if counts.stored:
        lines.append("  What is stored is sent again by the forwarder itself.")
    if counts.rejected:
        lines.append("  What is rejected Mezmo will not take; the store, if there is one, keeps it.")
    if ended.why:
        lines.append(
            f"Not finished: {ended.why}. Done until {as_time(progress.until)}; the same command goes on, "
            f"by {state}."
        )
    elif reconciled(progress):
        lines.append("Everything that was read is accounted for.")
    else:
        lines.append(f"The counts do not add up; keep {state} and report it.")
    return "\n".join(lines)


def summary_json(progress: Progress, ended: Ended, state: str) -> dict[str, object]:
    """Return the figures for a program."""
    return {
        "query": asdict(progress.query),
        "read": progress.read + len(progress.sent),
        **asdict(progress.counts),
        "repeated": progress.repeated,
        "done_until": progress.until,
        "finished": progress.finished,
        "reconciled": reconciled(progress),
        "stopped": ended.why,
        "state": state,
    }


def estimate_text(found: Estimate, target: Target, rate: Rate) -> str:
    """Return what a dry run says."""
    query = target.query
    about = "" if found.exact else "about "
    seconds = as_duration(found.seconds(rate, target.memory))
    usd = found.usd(target.memory, target.architecture)
    filters = ", ".join(query.filters) or "(none: the forwarder's own settings)"
    busy = as_duration(found.lambda_seconds(target.memory))
    price = f"{usd:,.2f} USD" if usd >= 0.01 else "less than 0.01 USD"
    lines = [
        f"{query.log_group}, {as_time(query.start)} to {as_time(query.end)}; nothing was sent",
        f"  through    {query.function}",
        f"  pattern    {query.pattern or '(everything)'}",
        f"  filter     {filters}",
        f"  read       {about}{found.events:,} log events, {found.size / 1e6:,.1f} MB"
        + ("" if found.exact else ", from a page here and there"),
        f"  takes      {seconds} or more, in {found.documents:,} invocations or more, one after the other",
        f"  Lambda     {price}: {target.memory} MB, {target.architecture}, {busy}, us-east-1's prices",
        f"  Mezmo      {found.size / 1e9:,.3f} GB to ingest, at your contract's price",
        "  CloudWatch nothing for reading; NAT gateways and data transfer are not counted",
    ]
    if found.empty_read:
        lines.append("  Some spans gave empty pages only, and may hold more than is counted here.")
    return "\n".join(lines)


def estimate_json(found: Estimate, target: Target, rate: Rate) -> dict[str, object]:
    """Return the same for a program."""
    return {
        "query": asdict(target.query),
        "dry_run": True,
        "exact": found.exact,
        "events": found.events,
        "bytes": found.size,
        "invocations": found.documents,
        "seconds": round(found.seconds(rate, target.memory), 1),
        "lambda_usd": round(found.usd(target.memory, target.architecture), 6),
        "mezmo_gb": round(found.size / 1e9, 6),
        "warnings": list(target.warnings),
    }
