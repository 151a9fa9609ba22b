"""What designs cost, without a tool: counted, composed, corrected by what was measured, with an interval."""

from costmodel.estimate.estimate import Estimate, Range, estimate
from costmodel.estimate.table import Parts

__all__ = ["Estimate", "Parts", "Range", "estimate"]
