"""What measures the handler: CPU, memory, wall time under Lambda's CPU quota, cold start, size of a line."""
