"""What a line is, what it is called, and the batches that lines are sent in."""
