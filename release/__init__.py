"""From a commit to what registries take: version, CHANGELOG, artefacts, and what they must hold."""

import sys
from pathlib import Path

# What the wheel is made with is looked at with (tools/long_description.py).
sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
