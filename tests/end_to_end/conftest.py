"""One stage for all tests of this folder: a chain, a service, three devices; as the demo builds it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.terminal import terminal

from warifu.cli.screen import Screen
from warifu.demo.opening import policy_text, set_the_stage
from warifu.demo.processes import Processes
from warifu.demo.scene import Scene
from warifu.demo.telling import Telling

PASSPHRASE = "correct horse battery staple"


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    root = tmp_path_factory.mktemp("stage")
    for folder in (root.parent, root.parent.parent):
        folder.chmod(0o711)  # as root, enclaves are users of their own and must be able to pass
    with Processes() as processes:
        stage = Scene(root, processes, Telling(Screen(json=True)))
        stage.passphrase[:] = PASSPHRASE.encode()
        try:
            set_the_stage(stage)
            yield stage
        finally:
            stage.close()


@pytest.fixture(scope="session")
def policy(scene: Scene) -> Path:
    file = scene.root / "policy.toml"
    file.write_text(policy_text(scene))
    return file


@pytest.fixture(scope="session")
def wallet(scene: Scene, policy: Path) -> str:
    """A wallet that a person made at a terminal."""
    person = terminal(
        scene.home,
        *("wallet", "create", "savings", "--threshold", "2", "--memory-mib", "64", "--passes", "3"),
        *("--device", "home,pi", "--device", "friend", "--policy", policy),
    )
    person.until("New passphrase of the wallet: ")
    person.type(PASSPHRASE)
    person.until("The same again: ")
    person.type(PASSPHRASE)
    person.until("is born")
    shown = person.end()
    assert shown.code == 0
    assert PASSPHRASE not in shown.text
    scene.wallet = scene.profile.wallet("savings")
    return "savings"
