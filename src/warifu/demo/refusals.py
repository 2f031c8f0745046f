"""Act six: three things that must not work, and the reasons that the devices give."""

from __future__ import annotations

from warifu.cli.text import tr
from warifu.demo.payments import draft, requested, sealed, send
from warifu.demo.scene import DEVICES, Scene
from warifu.errors import WarifuError
from warifu.protocol.api import Accepted, DecisionQuestion, Decisions, NewTransfer
from warifu.protocol.encoding import decode, encode
from warifu.protocol.frames import MAX_BODY_BYTES, Decision

AMOUNT = 1_234_567
THIEF = "bcrt1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0waslcutpz"
SIGNERS = DEVICES[:2]


def refuse_three_things(scene: Scene) -> None:
    """Act six."""
    scene.telling.act(tr("Three refusals"))
    _swapped_output(scene)
    _one_alone(scene)
    _wrong_passphrase(scene)


def _swapped_output(scene: Scene) -> None:
    """A hostile service: the owner's genuine authorization, with a transaction that pays the thief."""
    telling = scene.telling
    reading, swapped = draft(scene, AMOUNT), draft(scene, AMOUNT, THIEF)
    request = requested(scene, reading, AMOUNT)
    authorization, envelopes = sealed(scene, request, SIGNERS, scene.passphrase)
    question = NewTransfer(authorization=authorization, envelopes=envelopes, unsigned=swapped.psbt)
    error = _error_of(lambda: scene.client.post("/transfers", question, Accepted))
    telling.check(
        "swapped-output",
        error is not None and error.family == "transaction",
        tr("a swapped output under a genuine authorization: {reason}", reason=_reason(error)),
    )
    # The honest service stopped it at its own door. What the devices say, each by itself:
    identities = tuple(scene.profile.device(name).identity for name in SIGNERS)
    asked = DecisionQuestion(request=encode(request), unsigned=swapped.psbt, identities=identities)
    answers = scene.client.post("/decisions", asked, Decisions).decisions
    for name, answer in zip(SIGNERS, answers, strict=True):
        decision = decode(Decision, answer.decision or b"", MAX_BODY_BYTES)
        refusal = decision.refusal
        telling.check(
            f"swapped-output-{name}",
            not decision.allowed and refusal is not None and refusal.family == "transaction",
            tr(
                "'{name}' would not sign it: {reason}",
                name=name,
                reason=f"{refusal.message} ({refusal.family}.{refusal.reason})"
                if refusal is not None
                else "",
            ),
        )


def _one_alone(scene: Scene) -> None:
    reading = draft(scene, AMOUNT)
    request = requested(scene, reading, AMOUNT)
    error = _error_of(lambda: send(scene, request, reading, SIGNERS[:1], scene.passphrase))
    scene.telling.check(
        "one-alone",
        error is not None,
        tr("one signer alone: {reason}", reason=_reason(error)),
    )


def _wrong_passphrase(scene: Scene) -> None:
    reading = draft(scene, AMOUNT)
    request = requested(scene, reading, AMOUNT)
    wrong = bytearray(b"a guess of a thief")
    error = _error_of(lambda: send(scene, request, reading, SIGNERS, wrong))
    scene.telling.check(
        "wrong-passphrase",
        error is not None and error.family == "passphrase",
        tr("a wrong passphrase: {reason}", reason=_reason(error)),
    )


def _error_of(attempt: object) -> WarifuError | None:
    assert callable(attempt), "something to attempt"
    try:
        attempt()
    except WarifuError as error:
        return error
    return None


def _reason(error: WarifuError | None) -> str:
    return f"{error.message} ({error.code})" if error is not None else "-"
