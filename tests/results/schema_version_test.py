"""Whoever changes tables, views or metrics raises the version, or older files fail with an error that says nothing."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = 8
FINGERPRINT = "cc1fe4e1b1a6b8d2"  # of what that version holds


def fingerprint() -> str:
    sql = "".join((ROOT / "results" / name).read_text() for name in ("schema.sql", "schema_profile.sql", "views.sql"))
    sql = " ".join(re.sub(r"--.*", "", sql).split())
    metrics = re.findall(r'Metric\{"(\w+)"', (ROOT / "results/metrics.h").read_text())
    assert len(metrics) > 15
    return hashlib.sha256((sql + " ".join(metrics)).encode()).hexdigest()[:16]


def test_a_change_of_tables_views_or_metrics_raises_the_version() -> None:
    version = int(re.search(r"PRAGMA user_version = (\d+);", (ROOT / "results/schema.sql").read_text())[1])
    known = int(re.search(r"^NEWEST_SCHEMA = (\d+)", (ROOT / "dashboards/database.py").read_text(), re.MULTILINE)[1])
    assert (version, known, fingerprint()) == (VERSION, VERSION, FINGERPRINT), (
        "tables, views or metrics have changed: raise user_version in results/schema.sql and NEWEST_SCHEMA in dashboards/database.py, "
        f"then set VERSION and FINGERPRINT ({fingerprint()}) here"
    )
