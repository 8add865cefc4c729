"""From a batch to what became of it: key, request, reply, and what is left."""
