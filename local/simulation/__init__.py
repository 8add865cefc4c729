"""What cannot be waited for, or broken on purpose, with real parts: a day of outage, a fault at every step.

The handler's own code runs; time, the network and what is behind it are simulated, in one process and in
virtual time. Nothing here is evidence of how AWS or Mezmo behave: `local.aws` and `local.mezmo` are nearer to
them, and the tests compare this S3 with that one.
"""

from local.simulation.lambda_service import Function, Lambda
from local.simulation.mezmo import SimulatedMezmo
from local.simulation.s3 import SimulatedS3
from local.simulation.world import Exchange, Fault, Killed, World

__all__ = [
    "Exchange",
    "Fault",
    "Function",
    "Killed",
    "Lambda",
    "SimulatedMezmo",
    "SimulatedS3",
    "World",
]
