"""One invocation, from what came in to what is reported."""
