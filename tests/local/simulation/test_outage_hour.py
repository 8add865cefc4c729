"""The benchmark's hour of outage, cut short: that it can be lived through."""

from benchmarks.outage_hour import simulate
from local.simulation import Fault


def test_an_outage_stores_what_is_delivered_otherwise() -> None:
    good, bad = (simulate(0.2, fault, hour=600) for fault in (None, Fault.STATUS_503))
    assert (good.puts, good.invocations) == (0, bad.invocations)
    assert bad.puts > 100
    assert 0 < bad.forwarder < bad.seconds
