"""Every stable code of an error that the program can raise, as its source says them.

``docs/errors.md`` lists them, and a test demands a Japanese sentence for each. A reason is a word in a call of one of
the families' classes, or it comes by the parameter of a function that makes the error, from a table, or from a field of
another error: those are followed here. What cannot be followed is an error of this program, so that no code is missed
silently: give it a word, or say in ``ELSEWHERE`` where its words are.
"""

from __future__ import annotations

import ast
import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from warifu.errors import FAMILIES
from warifu.exchanges.failures import Reason

ROOT = Path(__file__).resolve().parents[1] / "src"
CLASSES = {kind.__name__: family for family, kind in FAMILIES.items()}
_DEEPEST = 6


@dataclass
class Module:
    """One file, parsed."""

    path: str
    tree: ast.Module
    calls: dict[str, list[tuple[ast.Call, ast.FunctionDef | None]]] = field(default_factory=dict)
    """By the name that is called: each call and the function around it."""
    imported: set[tuple[str | None, str]] = field(default_factory=set)
    """Each module from which a name comes, and the name."""


@dataclass(frozen=True)
class Given:
    """A call that makes an error, or calls a function that does: the argument that is looked for, and where it is."""

    module: Module
    function: ast.FunctionDef | None
    reason: ast.expr


class NotFollowed(Exception):
    """Where a reason comes from cannot be seen."""


def error_codes() -> dict[str, set[str]]:
    """Family -> reasons."""
    # A million nodes are made, and all of them stay: looking through them for garbage takes twice as long as parsing.
    collects = gc.isenabled()
    gc.disable()
    try:
        return Source([_parsed(path) for path in sorted((ROOT / "warifu").rglob("*.py"))]).codes()
    finally:
        if collects:
            gc.enable()


class Source:
    """All modules of the program."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self._modules = modules
        self._constants = {
            target.id: node.value
            for module in modules
            for node in module.tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

    def codes(self) -> dict[str, set[str]]:
        """Family -> reasons. ``NotFollowed`` names the first reason that cannot be followed."""
        found: dict[str, set[str]] = {family: set() for family in FAMILIES}
        for name, family in CLASSES.items():
            for given in self._calls(name, 0, "reason", self._modules):
                found[family] |= self._words(given.reason, given, 0)
        return found

    def handed_to(self, name: str, place: int, keyword: str, defined: str = "") -> set[str]:
        """All words that the argument at ``place`` of calls of ``name`` can be, in the modules that have that name from
        the one at ``defined``."""
        callers = [module for module in self._modules if not defined or _has(module, name, defined)]
        return set().union(
            *(self._words(given.reason, given, 0) for given in self._calls(name, place, keyword, callers))
        )

    def table(self, path: str, name: str) -> ast.expr:
        """The value of a module's constant."""
        (module,) = [module for module in self._modules if module.path == path]
        return next(
            node.value
            for node in module.tree.body
            if isinstance(node, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
        )

    def _calls(self, name: str, place: int, keyword: str, modules: Iterable[Module]) -> Iterator[Given]:
        for module in modules:
            for call, function in module.calls.get(name, ()):
                named = [word.value for word in call.keywords if word.arg == keyword]
                positional = call.args[place : place + 1]
                for reason in named or positional:
                    yield Given(module, function, reason)

    def _words(self, node: ast.expr, given: Given, depth: int) -> set[str]:
        """All that an expression can be."""
        if depth > _DEEPEST:
            raise NotFollowed(f"{given.module.path}: {ast.unparse(node)} leads too far")
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return {node.value}
        if isinstance(node, ast.IfExp):
            return self._words(node.body, given, depth) | self._words(node.orelse, given, depth)
        if isinstance(node, ast.JoinedStr):
            return self._joined(node, given, depth)
        if isinstance(node, ast.FormattedValue):
            return self._words(node.value, given, depth)
        elsewhere = ELSEWHERE.get((given.module.path, ast.unparse(node)))
        if elsewhere is not None:
            return elsewhere(self)
        if isinstance(node, ast.Name):
            return self._named(node.id, given, depth)
        raise NotFollowed(f"{given.module.path}:{node.lineno}: {ast.unparse(node)}")

    def _joined(self, node: ast.JoinedStr, given: Given, depth: int) -> set[str]:
        found = {""}
        for part in node.values:
            found = {before + word for before in found for word in self._words(part, given, depth)}
        return found

    def _named(self, name: str, given: Given, depth: int) -> set[str]:
        function = given.function
        if function is not None:
            arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
            places = [argument.arg for argument in arguments]
            if name in places:
                return self._handed_in(function, places, name, given, depth)
            assigned = list(_assigned(function, name))
            if assigned:
                return set().union(*(self._words(value, given, depth + 1) for value in assigned))
        if name in self._constants:
            return self._words(self._constants[name], given, depth + 1)
        raise NotFollowed(f"{given.module.path}: {name}")

    def _handed_in(
        self, function: ast.FunctionDef, places: Sequence[str], name: str, given: Given, depth: int
    ) -> set[str]:
        place = places.index(name) - (places[0] in ("self", "cls"))
        callers = [module for module in self._modules if _has(module, function.name, given.module.path)]
        if function not in given.module.tree.body and not function.name.startswith("_"):
            callers = list(self._modules)  # a public method
        found: set[str] = set()
        for call in self._calls(function.name, place, name, callers):
            found |= self._words(call.reason, call, depth + 1)
        for default in _default(function, name):
            found |= self._words(default, given, depth + 1)
        if not found:
            raise NotFollowed(f"{given.module.path}: nobody calls {function.name} with {name}")
        return found


def _parsed(path: Path) -> Module:
    module = Module(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8")))

    def walk(node: ast.AST, function: ast.FunctionDef | None) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Call):
                module.calls.setdefault(_called(child), []).append((child, function))
            elif isinstance(child, ast.ImportFrom):
                module.imported |= {(child.module, alias.name) for alias in child.names}
            walk(child, child if isinstance(child, ast.FunctionDef) else function)

    walk(module.tree, None)
    return module


def _has(module: Module, name: str, defined: str) -> bool:
    """Whether ``name`` is in this module what it is in the one at ``defined``."""
    origin = defined.removesuffix(".py").replace("/", ".")
    return module.path == defined or (origin, name) in module.imported


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _assigned(function: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    """What a local name is set to: by ``=``, or by a loop over a tuple that is written there."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            yield node.value
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            yield from [node.value] if node.value is not None else []
        if (
            isinstance(node, ast.For)
            and isinstance(node.target, ast.Tuple)
            and isinstance(node.iter, ast.Tuple)
        ):
            names = [target.id if isinstance(target, ast.Name) else "" for target in node.target.elts]
            if name in names:
                for item in node.iter.elts:
                    assert isinstance(item, ast.Tuple), "one of the tuple's tuples"
                    yield item.elts[names.index(name)]


def _default(function: ast.FunctionDef, name: str) -> Iterator[ast.expr]:
    arguments = [*function.args.posonlyargs, *function.args.args]
    defaults = dict(
        zip(reversed([each.arg for each in arguments]), reversed(function.args.defaults), strict=False)
    )
    keywords = {
        each.arg: value
        for each, value in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    }
    found = {**defaults, **keywords}.get(name)
    if found is not None:
        yield found


def _seconds(rows: ast.expr) -> set[str]:
    """The second word of each row of a table of tuples."""
    assert isinstance(rows, ast.Tuple)
    return {
        row.elts[1].value
        for row in rows.elts
        if isinstance(row, ast.Tuple)
        and isinstance(row.elts[1], ast.Constant)
        and isinstance(row.elts[1].value, str)
    }


def _values(rows: ast.expr) -> set[str]:
    """Each value of a table of words, or the first word of each value."""
    assert isinstance(rows, ast.Dict)
    firsts = [value.elts[0] if isinstance(value, ast.Tuple) else value for value in rows.values]
    return {
        first.value for first in firsts if isinstance(first, ast.Constant) and isinstance(first.value, str)
    }


_BITCOIN = "warifu/chains/bitcoin_network"
_ETHEREUM = "warifu/chains/ethereum_network"
_SOLANA = "warifu/chains/solana_network"


def _said_already(_source: Source) -> set[str]:
    """By another error of the same family, or (what no signer would sign) of the family ``transaction``."""
    return set()


ELSEWHERE: dict[tuple[str, str], Callable[[Source], set[str]]] = {
    ("warifu/chains/bitcoin/reader.py", "self._what"): lambda source: source.handed_to(
        "Reader", 1, "what", "warifu/chains/bitcoin/reader.py"
    ),
    (f"{_BITCOIN}/drafts.py", "_REASONS.get(kind, 'draft')"): lambda source: {
        "draft",
        *_values(source.table(f"{_BITCOIN}/drafts.py", "_REASONS")),
    },
    (f"{_BITCOIN}/backends/rejection.py", "reason"): lambda source: {
        "refused",
        *_seconds(source.table(f"{_BITCOIN}/backends/rejection.py", "_REASONS")),
    },
    (f"{_ETHEREUM}/rejection.py", "understood.reason"): lambda source: source.handed_to(
        "Reason", 1, "reason", f"{_ETHEREUM}/rejection.py"
    ),
    (f"{_ETHEREUM}/rejection.py", "reason"): lambda source: _seconds(
        source.table(f"{_ETHEREUM}/rejection.py", "_REFUSALS")
    ),
    (f"{_SOLANA}/rejection.py", "reason_of(refused)"): lambda source: {
        "refused",
        *_values(source.table(f"{_SOLANA}/rejection.py", "_REASONS")),
    },
    (f"{_SOLANA}/drafting.py", "reason"): lambda _source: {"insufficient-funds"},
    (f"{_ETHEREUM}/drafting.py", "error.reason"): _said_already,
    ("warifu/service/roads/bitcoin.py", "error.reason"): _said_already,
    ("warifu/cli/exchanges/permissions.py", "error.reason"): _said_already,
    ("warifu/cli/enrolling.py", "join.stage"): lambda _source: {"expired", "refused"},
    ("warifu/cli/evidence_shown.py", "failure.check"): lambda source: source.handed_to(
        "CheckFailed", 0, "check"
    ),
    ("warifu/attestation/rules.py", "failures[0].check"): _said_already,
    (
        "warifu/attestation/dcap/library.py",
        "next((name for words, name in _CAUSES if words in said), default)",
    ): lambda source: (
        _seconds(source.table("warifu/attestation/dcap/library.py", "_CAUSES"))
        | source.handed_to("_guarded", 0, "default", "warifu/attestation/dcap/library.py")
    ),
    ("warifu/cli/exchanges/failures.py", "failure.reason"): lambda _source: set(get_args(Reason)),
    ("warifu/signer/policy/facts.py", "rule.reason"): lambda source: source.handed_to("Rule", 0, "reason"),
}
"""By file and expression: where the words of a reason are that is read from a table, or from another error."""
