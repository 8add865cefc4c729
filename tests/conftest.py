"""What all tests share."""

from hypothesis import settings

# How long an example takes is the machine's affair; what comes out is a test's.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
