"""`mezmo-forwarder backfill` put to the test: killed, gone on with, and counted at the local Mezmo."""
