"""Functional coverage: what plays have tried of what there is to try, counted on their arrays.

A bench declares beside its plays what they have to try: `coverage(spec)` gives points (`point.py`). What a play has
tried is read off the play itself (`tried.py`), in numpy, so that counting costs a fraction of planning. What the
simulation alone can tell, the bench notes in its evidence. A bin that nothing hit is a hole, and fails the run; before
that, `steering.py` looks for stimulus that fills it.
"""
