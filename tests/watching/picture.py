"""The dashboard with sample figures: three hours, of which Mezmo is away for half an hour.

`projen pictures` writes it. The handler's own code runs in `local.simulation`; what it prints is what is
drawn. CloudWatch Logs' own metrics are the sizes of what was sent.
"""

import random
from pathlib import Path

from local.cloudwatch.drawing import Shown, draw
from local.cloudwatch.recording import Recording
from local.simulation import Fault, SimulatedMezmo
from local.simulation.house import KEY, House
from local.simulation.world import EPOCH
from tests.handler.cloudwatch import FIRST_TIMESTAMP, make_document, make_event, pack, to_json
from tests.watching.deployed import alarms_of, dashboard_of, make_stack

PICTURE = Path(__file__).resolve().parents[2] / "docs/images/dashboard.svg"
HOURS = 3
MINUTE = 60
_COMPRESSION = 3  # about; each version of zlib has its own, and the picture is to be the same everywhere
_AWAY = (70 * MINUTE, 100 * MINUTE)
_GROUPS = {
    "/aws/vpc/flow-logs": 90,
    "/aws/ecs/web": 40,
    "/aws/ecs/checkout": 25,
    "/aws/lambda/orders": 16,
    "/aws/eks/prod/cluster": 12,
    "API-Gateway-Execution-Logs_a1b2c3d4e5/prod": 8,
    "/aws/rds/cluster/shop/postgresql": 5,
    "/aws/codebuild/shop": 2,
}
"""Lines an event."""


def picture() -> str:
    """Return the picture."""
    mezmo = SimulatedMezmo(KEY, code=lambda text: 400 if text == "what Mezmo refuses" else 200)
    house = House(mezmo=mezmo, metrics="forwarder")
    house.world.plan = lambda exchange: (
        Fault.STATUS_503
        if exchange.service.startswith("mezmo") and _AWAY[0] <= house.world.now < _AWAY[1]
        else None
    )
    house.redrive_every(5 * MINUTE)
    recording = Recording(house)
    _send(house, recording)
    house.send(make_event(["what Mezmo refuses"] * 3), HOURS * 3600 - 4 * MINUTE)
    with recording.running():
        house.aws.run(HOURS * 3600)
    stack, forwarder = make_stack()
    forwarder.add_alarms()
    forwarder.add_dashboard()
    alarms = [*alarms_of(stack).values()]
    return draw(dashboard_of(stack), Shown(recording.metrics, alarms, EPOCH, EPOCH + HOURS * 3600))


def _send(house: House, recording: Recording) -> None:
    chance = random.Random(7)
    for group, lines in _GROUPS.items():
        moment = chance.random() * 30
        while moment < HOURS * 3600:
            texts = [_text(group, number, chance) for number in range(chance.randint(lines // 2, lines * 2))]
            document = make_document(texts, group=group)
            for event in document["logEvents"]:  # type: ignore[attr-defined]
                event["timestamp"] += int(moment * 1000) - (FIRST_TIMESTAMP - int(EPOCH * 1000))
            event = pack(to_json(document))
            arrives = moment + 2 + chance.random() * 3
            house.send(event, arrives)
            size = len(to_json(document)) // _COMPRESSION
            dimensions = {"DestinationType": "Lambda", "FilterName": "mezmo", "LogGroupName": group}
            recording.put("AWS/Logs", "ForwardedBytes", dimensions, size, arrives)
            recording.put("AWS/Logs", "ForwardedLogEvents", dimensions, len(texts), arrives)
            moment += 15 + chance.random() * 30


def _text(group: str, number: int, chance: random.Random) -> str:
    if chance.random() < 0.12:
        return ""
    return f"{group.rpartition('/')[2]} {number} " + f"{chance.getrandbits(320):x}"
