"""From what CloudWatch sends to the log events that are to be lines: unpacked, joined, selected."""
