"""The fault suite: everything that the promise "nothing is lost" speaks of goes wrong, with real parts.

The asset that CDK packed, deployed by the CDK CLI into the local AWS, run under AWS's own runtime client,
sends over TLS to the local Mezmo and keeps what is left in S3. A seed makes the log events, the faults and
their moments; at the end every event must be accounted for.

    python3 tools/dev.py faults --seed 7 --events 20000
"""
