"""The quickstart, wherever the CLI runs."""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).parents[3] / "examples/quickstart/app.py"))
