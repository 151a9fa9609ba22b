"""What a unit takes, counted from the unit itself: no Verilog and no tool."""

from costmodel.count.count import Count, count

__all__ = ["Count", "count"]
