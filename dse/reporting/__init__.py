"""What an exploration ends in: a page to act on, pictures to publish, a table in the terminal."""

from dse.reporting.choice import Choice, choice
from dse.reporting.comparison import Comparison, Status, compare
from dse.reporting.report import write_report
from dse.reporting.sheet import Reason, binds, command, reasons
from dse.reporting.terminal import advice, frontier_table

__all__ = [
    "Choice",
    "Comparison",
    "Reason",
    "Status",
    "advice",
    "binds",
    "choice",
    "command",
    "compare",
    "frontier_table",
    "reasons",
    "write_report",
]
