"""The main job on one machine: the quickstart deployed, log events written, lines at Mezmo, reconciled."""
