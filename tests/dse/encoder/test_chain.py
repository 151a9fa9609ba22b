"""The chain of float operations against the transformer that it takes apart."""

from __future__ import annotations

import numpy as np

from dse.encoder import chain
from dse.encoder.chain import LAST, by_columns, merged, split
from dse.encoder.digits import HEADS, DigitsTask
from dse.workloads.transformer import Plain, Transformer


def test_it_is_the_transformers_layer() -> None:
    task = DigitsTask()
    x = task.asked(3)[0]
    nothing = np.zeros((1, 1), dtype=np.float32)
    whole = Transformer(nothing, nothing, (nothing, nothing), task.layers, HEADS, task.sizes.epsilon)
    for number, layer in enumerate(task.layers):
        found = chain.run(chain.operations(layer, task.sizes), x)[LAST]
        assert np.allclose(found.reshape(-1, 32), whole._layer(number, x.reshape(-1, 32), 3, Plain()), atol=1e-5)


def test_heads_are_taken_apart_and_put_together() -> None:
    x = np.arange(2 * 3 * 8).reshape(2, 3, 8)
    assert split(x, 4).shape == (2, 4, 3, 2)
    assert (split(x, 4)[1, 3, 2] == x[1, 2, 6:]).all()
    assert (merged(split(x, 4)) == x).all()


def test_a_tensor_has_a_column_for_each_of_its_own_or_for_each_head() -> None:
    task = DigitsTask()
    tensors = chain.run(chain.operations(task.layers[0], task.sizes), task.asked(2)[0])
    assert by_columns([tensors, tensors], "up").shape == (2 * 2 * 8, 64)
    scores = by_columns([tensors], "scores")
    assert scores.shape == (2 * 8 * 8, HEADS) and (scores[:64, 1] == tensors["scores"][0, 1].ravel()).all()
