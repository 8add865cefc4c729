"""Parts of `.projenrc.py`: the workflows that GitHub runs for us."""
