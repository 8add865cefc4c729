"""What runs on one machine: a stand-in for Mezmo, AWS without Docker, and the demo that joins them."""
