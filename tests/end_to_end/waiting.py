"""Waiting for what commands show."""

from __future__ import annotations

from functools import partial

from warifu.demo import scene

wait_until = partial(scene.wait_until, pause=0.7)
"""Each look is a process that takes most of a second of a processor: one after another they would keep what is waited
for from happening."""
