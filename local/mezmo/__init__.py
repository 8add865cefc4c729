"""A stand-in for Mezmo's ingestion, stricter than the real one: real HTTP, real TLS, nothing forgiven.

    with MezmoStandIn(keys={key}) as mezmo:
        ...  # send lines to mezmo.log_analysis_url, trusting mezmo.ca_file
        assert [line.line for line in mezmo.lines] == ["hello"]
        assert mezmo.flags == ()

By hand: ``python -m local.mezmo --tls``.
"""

from local.mezmo.faults import (
    NOT_JSON,
    PARTIAL_WITHOUT_LIST,
    Accept,
    Answer,
    BrokenHandshake,
    CloseAfterAnswer,
    ConnectionFault,
    Drip,
    Fault,
    FaultScript,
    HalfClose,
    Hang,
    PartialAnswer,
    PartialMix,
    Pass,
    Reset,
    SilentHandshake,
    UntrustedCertificate,
)
from local.mezmo.record import (
    REDACTED,
    CommittedLine,
    Flag,
    FlagKind,
    ReceivedLine,
    RecordedConnection,
    RecordedRequest,
)
from local.mezmo.stand_in import MezmoStandIn

__all__ = [
    "NOT_JSON",
    "PARTIAL_WITHOUT_LIST",
    "REDACTED",
    "Accept",
    "Answer",
    "BrokenHandshake",
    "CloseAfterAnswer",
    "CommittedLine",
    "ConnectionFault",
    "Drip",
    "Fault",
    "FaultScript",
    "Flag",
    "FlagKind",
    "HalfClose",
    "Hang",
    "MezmoStandIn",
    "PartialAnswer",
    "PartialMix",
    "Pass",
    "ReceivedLine",
    "RecordedConnection",
    "RecordedRequest",
    "Reset",
    "SilentHandshake",
    "UntrustedCertificate",
]
