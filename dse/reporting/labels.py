"""Where names go in a picture, so that they cover neither each other nor, where that can be had, the marks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Boxes = NDArray[np.float64]
"""Shape (n, 4): left, bottom, right, top."""
RADII = (0.6, 0.9, 1.4, 2, 3, 4.2, 5.6, 7.5, 10, 13, 17)
"""How far from its mark a name is tried, in heights of names."""
DIRECTIONS = 24
ROUNDS = 4
"""How often each name is placed anew among the others; after few rounds none moves."""
COVERED, TOUCHED, OUTSIDE = 3.0, 100.0, 1000.0
"""What a mark under a name is worth, in heights of way; a name under a name; a name out of the frame."""


def place(points: ArrayLike, sizes: ArrayLike, marks: ArrayLike, frame: tuple[float, float, float, float]) -> Boxes:
    """Find a place for each name: near its point, in the frame, clear of the other names and of most marks.

    Parameters
    ----------
    points : array of shape (n, 2)
        What is named.
    sizes : array of shape (n, 2)
        Widths and heights of the names.
    marks : array of shape (m, 2)
        All that should stay in sight.
    frame : tuple of four floats
        Left, bottom, right and top.

    Returns
    -------
    array of shape (n, 4)
        Left, bottom, right and top of each.
    """
    at, size = np.reshape(np.asarray(points, float), (-1, 2)), np.reshape(np.asarray(sizes, float), (-1, 2))
    seen = np.reshape(np.asarray(marks, float), (-1, 2))
    if not len(at):
        return np.empty((0, 4))
    choices = [_choices(own, of) for own, of in zip(at, size, strict=True)]
    alone = [_alone(boxes, own, of[1], seen, frame) for boxes, own, of in zip(choices, at, size, strict=True)]
    found = np.array([boxes[np.argmin(cost)] for boxes, cost in zip(choices, alone, strict=True)])
    for _ in range(ROUNDS):
        before = found.copy()
        for number, (boxes, cost) in enumerate(zip(choices, alone, strict=True)):
            others = np.delete(found, number, axis=0)
            touched = _overlaps(boxes, others).sum(axis=1)
            # A name must not lie on the line from another to its point, nor its own line go below another.
            crossed = _crossed(boxes, at[number], others) + _under(boxes, np.delete(at, number, axis=0), others)
            found[number] = boxes[np.argmin(cost + TOUCHED * touched + COVERED * crossed)]
        if np.array_equal(before, found):
            break
    return found


def _choices(point: NDArray[np.float64], size: NDArray[np.float64]) -> Boxes:
    angles = np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False)
    way = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    centres = [point + way * (size / 2 + radius * size[1]) for radius in RADII]
    corners = np.concatenate(centres) - size / 2
    return np.concatenate([corners, corners + size], axis=1)


def _alone(
    boxes: Boxes, point: NDArray[np.float64], height: float, marks: NDArray[np.float64], frame: tuple[float, ...]
) -> NDArray[np.float64]:
    """What places cost, whatever the other names do."""
    far = np.hypot(*(np.clip(point, boxes[:, :2], boxes[:, 2:]) - point).T) / height
    room = 0.45 * height
    covered = _overlaps(boxes, np.concatenate([marks - room, marks + room], axis=1)).sum(axis=1)
    outside = (boxes[:, :2] < frame[:2]).any(axis=1) | (boxes[:, 2:] > frame[2:]).any(axis=1)
    cost: NDArray[np.float64] = far + COVERED * covered + OUTSIDE * outside
    return cost


def _overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.bool_]:
    """Which of `boxes` (rows) lie on which others (columns)."""
    one, two = boxes[:, None], others[None]
    apart = (one[..., 0] >= two[..., 2]) | (one[..., 2] <= two[..., 0])
    apart |= (one[..., 1] >= two[..., 3]) | (one[..., 3] <= two[..., 1])
    return ~apart


def _along(boxes: Boxes, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places on the lines from points to boxes, as boxes of no size: shape (n, steps, 4)."""
    ends = np.clip(points, boxes[:, :2], boxes[:, 2:])
    steps = np.linspace(0.1, 0.9, 8)[:, None]
    places = points[..., None, :] + steps * (ends[:, None] - points[..., None, :])
    return np.concatenate([places, places], axis=-1)


def _crossed(boxes: Boxes, point: NDArray[np.float64], others: Boxes) -> NDArray[np.int64]:
    """How many names the line from a point to each of its places goes through."""
    if not len(others):
        return np.zeros(len(boxes), dtype=np.int64)
    steps = _along(boxes, np.broadcast_to(point, (len(boxes), 2)))
    hit = _overlaps(steps.reshape(-1, 4), others).reshape(len(boxes), -1, len(others))
    return hit.any(axis=1).sum(axis=1)


def _under(boxes: Boxes, points: NDArray[np.float64], others: Boxes) -> NDArray[np.int64]:
    """How many lines of other names each place lies on."""
    if not len(others):
        return np.zeros(len(boxes), dtype=np.int64)
    steps = _along(others, points)
    hit = _overlaps(boxes, steps.reshape(-1, 4)).reshape(len(boxes), len(others), -1)
    return hit.any(axis=2).sum(axis=1)
