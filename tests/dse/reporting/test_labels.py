"""Names in pictures, and where they go."""

from __future__ import annotations

import numpy as np
import pytest

from dse.reporting.labels import place
from dse.reporting.names import short_names

FRAME = (0.0, 0.0, 700.0, 460.0)


def apart(boxes: np.ndarray) -> bool:
    one, two = boxes[:, None], boxes[None]
    meet = (one[..., :2] < two[..., 2:]).all(axis=-1) & (two[..., :2] < one[..., 2:]).all(axis=-1)
    return int(meet.sum()) == len(boxes)


@pytest.mark.parametrize("seed", range(5))
def test_forty_names_do_not_cover_each_other(seed: int) -> None:
    random = np.random.default_rng(seed)
    x = np.sort(random.uniform(30, 670, 40))
    points = np.column_stack([x, 430 * np.exp(-x / 150) + random.uniform(10, 25, 40)])
    boxes = place(points, [(60, 9)] * 40, np.concatenate([points, random.uniform(0, 400, (200, 2))]), FRAME)
    assert apart(boxes)
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= FRAME[2:]).all()
    assert np.median(np.hypot(*(np.clip(points, boxes[:, :2], boxes[:, 2:]) - points).T)) < 30


def test_a_name_alone_is_beside_its_mark_and_covers_no_other() -> None:
    box = place([(100, 100)], [(60, 10)], [(100, 100), (130, 100)], FRAME)[0]
    assert not ((box[:2] < (130, 100)).all() and (box[2:] > (130, 100)).all())
    assert np.hypot(*(np.clip((100, 100), box[:2], box[2:]) - (100, 100))) < 10
    assert place([], [], [], FRAME).shape == (0, 4)


def test_short_names_keep_what_tells_designs_apart() -> None:
    specs = [f"mac/{pair}/{rule}/kulisch64/p1" for pair in ("int4xint4", "e2m1xint4") for rule in ("exact", "lmul")]
    assert short_names(specs) == ["int4 exact", "int4 lmul", "e2m1xint4 exact", "e2m1xint4 lmul"]
    assert short_names(specs[:1]) == ["int4"]
    assert short_names([specs[0], "dot/int4xint4/n8/exact/fp16/p3"]) == ["mac int4", "dot int4"]
    assert short_names(["own", "own"]) == ["own", "own"]
    assert short_names(["mac/a/p1", "mac/axa/p1"]) == ["mac/a/p1", "mac/axa/p1"]
