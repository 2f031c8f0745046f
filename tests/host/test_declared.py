"""The owner's declarations: one small strict file, believed only where not everybody may write it."""

import pytest
from tests.host.recorded import built

from warifu.host.declared import PATH, declaration
from warifu.host.doctor import examine_machine
from warifu.host.machine import CannotTell

pytestmark = pytest.mark.unit


def declaring(tmp_path, text):
    return built(tmp_path, {PATH: text})


def test_what_is_declared_is_shown_as_declared(tmp_path):
    machine = declaring(tmp_path, '[declared]\nako = "AKO 2"\n')
    finding = next(finding for finding in examine_machine(machine).findings if finding.name == "ako")
    assert (finding.state.value, finding.detail) == ("declared", "by the owner: AKO 2")


def test_nothing_is_declared_without_a_file_or_without_a_line(tmp_path):
    assert declaration(built(tmp_path, {}), "ako") is None
    assert declaration(declaring(tmp_path, "[declared]\n"), "ako") is None


@pytest.mark.parametrize(
    "text",
    [
        "ako",
        'ako = "AKO"',
        '[declared]\nako = ""\n',
        "[declared]\nako = 1\n",
        '[declared]\nako = ["AKO"]\n',
        '[declared]\nako = """two\nlines"""\n',
        '[declared]\nako = "\\u001b[32mok"\n',
        f'[declared]\nako = "{"x" * 121}"\n',
        '[declared]\nlkrg = "LKRG"\n',  # what can be seen cannot be declared
        '[declared]\nako = "AKO"\n[other]\n',
        "declared = 3\n",
        f'[declared]\nako = "AKO"\n#{"x" * 4096}\n',
    ],
)
def test_a_file_of_any_other_form_declares_nothing(tmp_path, text):
    machine = declaring(tmp_path, text)
    with pytest.raises(CannotTell):
        declaration(machine, "ako")
    assert examine_machine(machine).state("ako").value == "unknown"
    assert examine_machine(machine).state("kernel-guard").value == "missing"


def test_a_file_that_anybody_may_write_is_nobodys_word(tmp_path):
    machine = declaring(tmp_path, '[declared]\nako = "AKO"\n')
    (tmp_path / PATH.lstrip("/")).chmod(0o666)
    with pytest.raises(CannotTell, match="any user may write it"):
        declaration(machine, "ako")
