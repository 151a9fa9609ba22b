"""What the hardware is for: tasks whose accuracy shows what an arithmetic is worth."""

from __future__ import annotations

from dse.workloads import digits

WORKLOADS = {"digits": digits}
"""Every workload: a module with `train`, `accuracy`, and keys for both."""
