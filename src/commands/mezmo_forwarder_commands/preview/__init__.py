"""What `mezmo-forwarder preview` shows: the handler's own code on sample events, nothing sent."""
