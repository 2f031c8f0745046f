"""Reports through configfs-tsm: each an answer to our own question, or none."""

import errno

import pytest
from tests.support.tee_files import Tsm

from warifu.errors import PlatformRefused
from warifu.tee import configfs_tsm
from warifu.tee.configfs_tsm import ATTEMPTS, MAX_REPORT_BYTES, TsmReports

pytestmark = pytest.mark.unit

QUESTION = bytes(range(64))


def kernel(**overrides) -> Tsm:
    return Tsm(**{"provider": "tdx_guest", "reporter": lambda data: b"report over " + data, **overrides})


def ask(tsm: Tsm, privilege_level: int | None = None):
    return TsmReports("tdx_guest", privilege_level, tsm).report(QUESTION)


def test_a_report_answers_the_question():
    answer = ask(kernel(auxblob=b"certificates"))
    assert (answer.report, answer.auxiliary) == (b"report over " + QUESTION, b"certificates")


def test_one_entry_serves_many_questions():
    tsm = kernel()
    reports = TsmReports("tdx_guest", files=tsm)
    for number in range(20):
        question = bytes([number]) * 64
        assert reports.report(question).report == b"report over " + question
    assert len(tsm.questions) == 20


def test_a_provider_without_auxiliary_data_is_fine():
    assert ask(kernel()).auxiliary == b""


def test_a_privilege_level_is_written_and_counted():
    tsm = kernel(privlevel_floor=1)
    assert ask(tsm, privilege_level=2).report == b"report over " + QUESTION


@pytest.mark.parametrize("level", [-1, 4, 99])
def test_a_privilege_level_that_does_not_exist_is_refused(level):
    with pytest.raises(PlatformRefused, match="no privilege level"):
        TsmReports("sev_guest", level, kernel())


def test_a_level_below_the_kernels_floor_is_refused():
    with pytest.raises(PlatformRefused, match="EINVAL"):
        ask(kernel(privlevel_floor=2), privilege_level=1)


@pytest.mark.parametrize("provider", ["sev_guest", "other", "tdx_guest2", "\n", "ÿ"])
def test_another_provider_is_refused(provider):
    tsm = kernel(provider=provider)
    with pytest.raises(PlatformRefused) as refusal:
        ask(tsm)
    assert refusal.value.code == "platform.provider"
    assert not tsm.questions


def _someone_else_asks(tsm: Tsm) -> None:
    tsm.write("inblob", b"another question".ljust(64))


def test_an_answer_to_somebody_elses_question_is_never_taken():
    tsm = kernel(before_outblob=_someone_else_asks)
    with pytest.raises(PlatformRefused, match=f"disturbed {ATTEMPTS} times"):
        ask(tsm)
    assert len(tsm.questions) == ATTEMPTS


def test_after_a_disturbance_the_question_is_asked_anew():
    def once(tsm: Tsm) -> None:
        if not tsm.questions:
            _someone_else_asks(tsm)

    tsm = kernel(before_outblob=once)
    assert ask(tsm).report == b"report over " + QUESTION
    assert len(tsm.questions) == 2


def test_a_question_that_the_kernel_lost_at_close_is_not_answered_by_an_older_report():
    tsm = kernel()
    reports = TsmReports("tdx_guest", files=tsm)
    reports.report(b"an older question".ljust(64))
    tsm.lost_writes = 1
    assert reports.report(QUESTION).report == b"report over " + QUESTION
    tsm.lost_writes = 10**6
    with pytest.raises(PlatformRefused, match="disturbed"):
        reports.report(b"a newer question".ljust(64))


def test_a_first_question_that_the_kernel_lost_is_not_answered():
    with pytest.raises(PlatformRefused, match="EINVAL"):
        ask(kernel(lost_writes=10**6))


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EWOULDBLOCK, errno.EINTR])
@pytest.mark.parametrize("attribute", ["inblob", "outblob", "auxblob"])
def test_a_busy_kernel_is_asked_again_and_not_for_ever(attribute, number):
    tsm = kernel(auxblob=b"a", refuse={attribute: [number, number]})
    assert ask(tsm).report == b"report over " + QUESTION
    for_ever = kernel(auxblob=b"a", refuse={attribute: [number] * 100})
    with pytest.raises(PlatformRefused, match="disturbed"):
        ask(for_ever)
    assert len(for_ever.refuse[attribute]) == 100 - ATTEMPTS


@pytest.mark.parametrize(
    ("attribute", "number"),
    [
        ("provider", errno.EIO),
        ("inblob", errno.EACCES),
        ("generation", errno.EIO),
        ("outblob", errno.ENXIO),
        ("auxblob", errno.EIO),
    ],
)
def test_any_other_error_ends_it(attribute, number):
    tsm = kernel(auxblob=b"a", refuse={attribute: [number]})
    with pytest.raises(PlatformRefused) as refusal:
        ask(tsm)
    assert refusal.value.code == "platform.no-report"
    assert refusal.value.remedy


@pytest.mark.parametrize("report", [b"", bytes(MAX_REPORT_BYTES + 1)])
def test_an_empty_or_oversized_report_is_refused(report):
    with pytest.raises(PlatformRefused):
        ask(kernel(reporter=lambda data: report))


def test_an_oversized_certificate_table_is_refused():
    with pytest.raises(PlatformRefused):
        ask(kernel(auxblob=bytes(10**6)))


@pytest.mark.parametrize("length", [0, 32, 63, 65])
def test_report_data_has_64_bytes(length):
    with pytest.raises(PlatformRefused, match="64"):
        TsmReports("tdx_guest", files=kernel()).report(bytes(length))


def test_a_machine_without_configfs_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(configfs_tsm, "ROOT", tmp_path / "absent")
    with pytest.raises(PlatformRefused) as refusal:
        TsmReports("tdx_guest")
    assert refusal.value.code == "platform.no-report"
    assert "configfs" in refusal.value.remedy


def test_its_entry_is_made_at_once_and_kept_open(tmp_path, monkeypatch):
    """Behind the signer's walls nothing can be made or opened by its path any more."""
    monkeypatch.setattr(configfs_tsm, "ROOT", tmp_path)
    reports = TsmReports("tdx_guest")
    assert (tmp_path / configfs_tsm.ENTRY).is_dir()
    assert isinstance(reports.descriptor, int)
    assert reports.descriptor > 2
