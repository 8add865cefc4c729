"""The past of a log group, sent through the deployed forwarder, counted, and gone on with where it ended."""
