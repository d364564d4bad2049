#!/usr/bin/env python3
"""Writes a small results file, for the fuzzers to start from: results_seed.py FILE (needs Python alone)"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dashboards"))

from comparison_database import make_side

make_side(Path(sys.argv[1]), milliseconds=1.0, exits=[{1: 5, 3: 5}, {1: 10}], suite='name = "demo"\n', started="2026-01-01T00:00:00Z")
