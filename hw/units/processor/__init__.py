"""What an encoder is made of: what moves words between memory, streams and engines, the engines, and what commands all.

A block waits for a pulse `start`; what an instruction says is there some cycles before that, and stays until its end.
Sizes are one less than what they say.
"""
