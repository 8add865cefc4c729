"""The program `mezmo-forwarder`: commands for whoever installed the library, run on their machine."""
