"""Boards: where the clock comes in, where LEDs and serial lines are, and which device it is. Each is a data file."""

from __future__ import annotations

from rtl_gen.boards.board import Board, Pin, boards, parse_board

__all__ = ["Board", "Pin", "boards", "parse_board"]
