"""What `mezmo-forwarder doctor` looks at, an area of the chain a module."""
