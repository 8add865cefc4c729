"""What Mezmo did not take, as objects."""
