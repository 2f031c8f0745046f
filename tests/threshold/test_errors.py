"""The tree of errors: who is to blame can be read from the type."""

from __future__ import annotations

import pickle

import pytest

from warifu.threshold.errors import AlreadyUsed, InvalidContribution, InvalidInput, ThresholdError, ZeroSecret

pytestmark = pytest.mark.unit


def test_everything_is_a_threshold_error():
    for kind in (InvalidInput, InvalidContribution, AlreadyUsed, ZeroSecret):
        assert issubclass(kind, ThresholdError)
    assert issubclass(InvalidInput, ValueError)
    assert not issubclass(InvalidContribution, ValueError)


@pytest.mark.parametrize(
    ("index", "who"), [(None, "the coordinator"), (0, "participant 0"), (7, "participant 7")]
)
def test_blame_is_in_the_message_and_survives_the_way_between_processes(index, who):
    error = InvalidContribution(index, "psig")
    assert str(error) == f"{who} sent an invalid psig"
    again = pickle.loads(pickle.dumps(error))
    assert (again.index, again.what) == (index, "psig")
