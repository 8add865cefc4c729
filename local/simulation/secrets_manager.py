"""Secrets Manager, in memory: one secret."""

import msgspec

from handler.client import Reply
from local.simulation.world import Exchange


class SimulatedSecrets:
    """Answers GetSecretValue with the key; `latency` is in seconds."""

    def __init__(self, key: str, latency: float = 0.03) -> None:
        self.key = key
        self.latency = latency
        self.requests = 0

    def carry_out(self, exchange: Exchange, now: float) -> Reply:
        """Answer a request."""
        del exchange, now
        self.requests += 1
        return Reply(200, {}, msgspec.json.encode({"SecretString": self.key}))
