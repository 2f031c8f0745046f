"""What a process under isolation tries to do: deeds that must be refused, and work that must succeed.

Runs inside the isolated process. A deed answers "done" or the name of the error with which it was refused.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import gc
import mmap
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import nacl.bindings
import nacl.pwhash
import nacl.secret
import nacl.signing
import nacl.utils
import sqlcipher3
from coincurve import PrivateKey
from coincurve._libsecp256k1 import ffi  # type: ignore[import-not-found]  # C extension without type stubs
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pyhpke import AEADId, CipherSuite, KDFId, KEMId
from tests.support.authenticator import Authenticator

from warifu.protocol.credential import check_approval
from warifu.signer.isolation.handover import Handover
from warifu.threshold.libsecp256k1 import point_create, point_mul_secret
from warifu.threshold.wiping import Secret

_libc = ctypes.CDLL(None, use_errno=True)

PRELOADED = "libBrokenLocale.so.1"
"""A library of glibc that nothing loads."""

_PROGRAM = Path("/bin/true").read_bytes()
_X86, _PARENT = os.uname().machine == "x86_64", os.getppid()  # asked now: later it is refused

AGENT = 0
"""The number of the process that started this one, which it cannot see itself."""


def outcome(deed: Callable[[], object]) -> str:
    try:
        deed()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except Exception as error:  # noqa: BLE001  # whatever the library says is the answer
        return type(error).__name__
    return "done"


def _libc_call(name: str, *arguments: object) -> Callable[[], object]:
    def deed() -> None:
        if _libc[name](*arguments) == -1:
            raise OSError(ctypes.get_errno(), name)

    return deed


def _system_call(number: int, *arguments: int) -> Callable[[], object]:
    return _libc_call("syscall", *(ctypes.c_long(value) for value in (number, *arguments)))


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _write_over(path: Path) -> None:
    path.write_bytes(b"mark")


def attack(handover: Handover) -> dict[str, str]:
    """Try everything that a signer under a stranger's control would like to do."""
    deeds = attacks(handover.connection, Path(handover.profile.store))
    return {name: outcome(deed) for name, deed in deeds.items()}


def attacks(connection: socket.socket, store: Path) -> dict[str, Callable[[], object]]:
    """What each attack is called, and the attempt."""
    agent, x86 = AGENT or _PARENT, _X86
    return {
        "open a TCP socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
        "open a UDP socket": lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM),
        "open a UNIX socket": lambda: socket.socket(socket.AF_UNIX),
        "open a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
        "make a socket pair": lambda: socket.socketpair(),
        "connect its connection elsewhere": lambda: connection.connect("/run/elsewhere"),
        "pass a descriptor on": lambda: socket.send_fds(connection, [b"x"], [0]),
        "execute a program": lambda: os.execv("/bin/true", ["true"]),
        "execute a memory file": lambda: os.memfd_create("x"),
        "fork": _fork,
        "start a thread": lambda: threading.Thread(target=lambda: None).start(),
        "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
        "read its own program": lambda: Path(sys.executable).read_bytes(),
        "list the root": lambda: list(Path("/").iterdir()),
        "list the store's parent": lambda: list(store.parent.iterdir()),
        "write beside the store": lambda: _write_over(store.parent / "outside"),
        "write in /tmp": lambda: _write_over(Path("/tmp/warifu-outside")),
        "write in /dev/shm": lambda: _write_over(Path("/dev/shm/warifu-outside")),
        "reach out through dots": lambda: _write_over(store / ".." / "outside"),
        "link out of the store": lambda: (store / "link").symlink_to("/etc/passwd"),
        "hard-link into the store": lambda: os.link("/etc/passwd", store / "hard"),
        "make a device": lambda: os.mknod(store / "device", 0o020600, os.makedev(1, 1)),
        "make a pipe": lambda: os.mkfifo(store / "pipe"),
        "change a mode": lambda: store.chmod(0o777),
        "leave the store's directory": lambda: os.chroot("/"),
        "read its agent's memory": lambda: Path(f"/proc/{agent}/mem").read_bytes(),
        "read its agent's environment": lambda: Path(f"/proc/{agent}/environ").read_bytes(),
        "read its own memory file": lambda: Path("/proc/self/mem").open("rb"),
        "signal its agent": lambda: os.kill(agent, 0),
        "signal everybody": lambda: os.kill(-1, 0),
        "trace its agent": _libc_call("ptrace", 16, agent, None, None),  # PTRACE_ATTACH
        "be traced": _libc_call("ptrace", 0, 0, None, None),
        "read another memory by call": _libc_call("process_vm_readv", agent, None, 0, None, 0, 0),
        "map memory to execute": lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
        "make a new callback page": lambda: ffi.callback("int(unsigned char *)", lambda _x: 0),
        "become dumpable": _libc_call("prctl", 4, 1, 0, 0, 0),
        "allow core files": lambda: resource.setrlimit(resource.RLIMIT_CORE, (1, 1)),
        "become root": lambda: os.setuid(0),
        "take a capability": _libc_call(
            "capset", (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)(1)
        ),
        "unlock its memory": _libc_call("munlockall"),
        "unlock a page": _libc_call("munlock", ctypes.c_void_p(id(object()) & ~0xFFF), ctypes.c_size_t(4096)),
        "mount": _libc_call("mount", b"none", b"/mnt", b"tmpfs", 0, None),
        "unshare": _libc_call("unshare", 0x10000000),
        "use bpf": _system_call(321 if x86 else 280, 0, 0, 0),
        "use io_uring": _system_call(425, 1, 0),
        "use keys": _system_call(250 if x86 else 219, 0, -3, 0),
        "open by handle": _system_call(304 if x86 else 265, -100, 0, 0),
        "open a process": _system_call(434, agent, 0),
        "take a process's descriptor": _system_call(438, 3, 0, 0),
        "watch with userfaultfd": _system_call(323 if x86 else 282, 0),
        "count with perf": _system_call(298 if x86 else 241, 0, 0, -1, -1, 0),
        "type into a terminal": lambda: fcntl.ioctl(0, 0x5412, b"x"),  # TIOCSTI
        "load another filter": _system_call(317 if x86 else 277, 1, 0, 0),
    }


def work(handover: Handover) -> dict[str, str]:
    """Everything that a signer does in its life."""
    store = Path(handover.profile.store)
    deeds: dict[str, Callable[[], object]] = {
        "database, write-ahead log": lambda: _database(store / "wal.db", "wal"),
        "database, rollback journal": lambda: _database(store / "journal.db", "delete"),
        "files of the store": lambda: _files(store),
        "Argon2id, 64 MiB": lambda: nacl.pwhash.argon2id.kdf(
            32, b"passphrase", bytes(16), opslimit=1, memlimit=64 * 1024 * 1024
        ),
        "libsodium": _libsodium,
        "libsecp256k1 with its callback": _libsecp256k1,
        "X25519, HKDF, AES-GCM, ChaCha20": _cryptography,
        "HPKE": _hpke,
        "passkeys of both kinds": _passkeys,
        "messages": _messages,
        "the connection": lambda: _talk(handover.connection),
        "waiting": lambda: time.sleep(0.001),
        "the date": lambda: time.strptime(time.strftime("%Y-%m-%d", time.localtime()), "%Y-%m-%d"),
        "randomness": lambda: (os.urandom(32), nacl.utils.random(32)),
        "a large and a collected memory": lambda: (bytearray(50_000_000), gc.collect()),
        "a name in another script": lambda: "例え.jp".encode("idna").decode("idna"),
        "its own limits": lambda: resource.getrlimit(resource.RLIMIT_NOFILE),
        "a handler for a signal": lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL),
        "a signal to itself": lambda: os.kill(os.getpid(), 0),
    }
    return {name: outcome(deed) for name, deed in deeds.items()}


def _database(path: Path, journal: str) -> None:
    connection = sqlcipher3.connect(str(path))
    connection.execute(f"PRAGMA key = \"x'{'11' * 32}'\"")
    connection.execute("PRAGMA temp_store = MEMORY")
    (mode,) = connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
    if mode != journal:
        raise AssertionError(f"journal mode is {mode}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB)")
    for _round in range(3):
        with connection:
            connection.executemany("INSERT INTO t (b) VALUES (?)", [(os.urandom(3000),) for _ in range(100)])
    with connection:
        connection.execute("DELETE FROM t WHERE n % 2")
    connection.execute("VACUUM")
    (check,) = connection.execute("PRAGMA integrity_check").fetchone()
    (rows,) = connection.execute("SELECT count(*) FROM t ORDER BY random()").fetchone()
    connection.close()
    if (check, rows) != ("ok", 150):
        raise AssertionError(f"database: {check}, {rows}")


def _files(store: Path) -> None:
    (store / "folder").mkdir()
    draft = store / "folder" / "draft"
    with draft.open("wb") as file:
        file.write(b"content")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(store / "final")
    descriptor = os.open(store, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    if (store / "final").read_bytes() != b"content" or (store / "final").stat().st_mode & 0o077:
        raise AssertionError("the file is not as it was written, or open to others")
    (store / "final").unlink()
    (store / "folder").rmdir()


def _libsodium() -> None:
    box = nacl.secret.SecretBox(nacl.utils.random(32))
    box.decrypt(box.encrypt(b"secret"))
    key = nacl.signing.SigningKey.generate()
    key.verify_key.verify(key.sign(b"message"))
    public, secret = nacl.bindings.crypto_kx_keypair()
    nacl.bindings.crypto_kx_client_session_keys(public, secret, nacl.bindings.crypto_kx_keypair()[0])
    state = nacl.bindings.crypto_secretstream_xchacha20poly1305_state()
    nacl.bindings.crypto_secretstream_xchacha20poly1305_init_push(state, nacl.utils.random(32))


def _libsecp256k1() -> None:
    key = PrivateKey()
    key.public_key.verify(key.sign(b"message"), b"message")
    key.sign_schnorr(bytes(32))
    point = point_create(bytearray(b"\2" * 32))
    assert point is not None
    if point_mul_secret(point, bytearray(b"\3" * 32)) is None:
        raise AssertionError("no product")


def _cryptography() -> None:
    ours, theirs = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    shared = ours.exchange(theirs.public_key())
    key = HKDF(hashes.SHA256(), 32, None, b"test").derive(shared)
    AESGCM(key).decrypt(bytes(12), AESGCM(key).encrypt(bytes(12), b"m", b"a"), b"a")
    ChaCha20Poly1305(key).decrypt(bytes(12), ChaCha20Poly1305(key).encrypt(bytes(12), b"m", b"a"), b"a")


def _hpke() -> None:
    for aead in (AEADId.AES256_GCM, AEADId.CHACHA20_POLY1305):
        suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, aead)
        pair = suite.kem.derive_key_pair(os.urandom(32))
        encapsulated, sender = suite.create_sender_context(pair.public_key, info=b"i")
        sealed = sender.seal(b"passphrase", aad=b"a")
        if (
            suite.create_recipient_context(encapsulated, pair.private_key, info=b"i").open(sealed, aad=b"a")
            != b"passphrase"
        ):
            raise AssertionError("HPKE did not open")


def _passkeys() -> None:
    for kind in ("ES256", "EdDSA"):
        key = Authenticator(kind)
        if check_approval(key.approval("approval", bytes(32)), "approval", bytes(32)) != 1:
            raise AssertionError("no counter")


class _Message(msgspec.Struct):
    name: str
    body: bytes


def _messages() -> None:
    encoded = msgspec.msgpack.encode(_Message("n", b"b"))
    msgspec.json.decode(msgspec.json.encode(msgspec.msgpack.decode(encoded, type=_Message)), type=_Message)


def _talk(connection: socket.socket) -> None:
    connection.setblocking(False)
    connection.setblocking(True)
    connection.settimeout(60)
    connection.sendall(b"ping")
    if connection.recv(4) != b"pong":
        raise AssertionError("no answer")
    connection.settimeout(None)


def look_around(handover: Handover) -> dict[str, str]:
    """What is there to be seen and reached, whatever forbids or allows it."""
    store = Path(handover.profile.store)
    deeds: dict[str, Callable[[], object]] = {
        "read /etc/passwd": lambda: Path("/etc/passwd").read_bytes(),
        "read its own memory file": lambda: _opened("/proc/self/mem"),
        "read its own program": lambda: Path(sys.executable).read_bytes(),
        "list /proc": lambda: list(Path("/proc").iterdir()),
        "list /dev/shm": lambda: list(Path("/dev/shm").iterdir()),
        "write in /tmp": lambda: _written_and_gone(Path("/tmp/warifu-looked-around")),
        "write beside the store": lambda: _written_and_gone(store.parent / "outside"),
        "reach out through dots": lambda: _written_and_gone(store / ".." / "outside"),
        "write in the root": lambda: _written_and_gone(Path("/warifu-looked-around")),
        "run a program of its store": lambda: _execute_from(store),
        "signal its agent": lambda: os.kill(AGENT, 0),
        "reach the loopback": lambda: socket.create_connection(("127.0.0.1", 9), timeout=5),
        "reach a neighbour": lambda: socket.create_connection(("192.0.2.1", 9), timeout=5),
        "write in its store": lambda: _write_over(store / "inside"),
        "read randomness": lambda: _opened("/dev/urandom"),
    }
    answer = {name: outcome(deed) for name, deed in deeds.items()}
    answer["root"] = ",".join(sorted(entry.name for entry in Path("/").iterdir()))
    answer["number"] = str(os.getpid())
    return answer


def _opened(path: str) -> None:
    os.close(os.open(path, os.O_RDONLY))


def _written_and_gone(path: Path) -> None:
    _write_over(path)
    path.unlink()


def _execute_from(store: Path) -> None:
    program = store / "program"
    program.write_bytes(_PROGRAM)
    program.chmod(0o700)
    child = os.fork()
    if not child:
        try:
            os.execv(program, ["program"])
        except OSError as error:
            os._exit(error.errno or 255)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        raise OSError(status, "execv")


def become_dumpable() -> None:
    """As programs are that nobody closes."""
    _libc.prctl(4, ctypes.c_ulong(1), *[ctypes.c_ulong(0)] * 3)


def keep(handover: Handover) -> dict[str, str]:
    """Take what was handed over into a secret, as a signer keeps a share, until the other side says something."""
    with Secret(handover.unlock_key) as secret:
        handover.unlock_key[:] = bytes(len(handover.unlock_key))
        where = ctypes.addressof(ctypes.c_ubyte.from_buffer(secret.buffer))
        handover.connection.sendall(b"held" + where.to_bytes(8, "big"))
        handover.connection.recv(4)
        return {"kept": str(len(secret))}


def preloaded(_handover: Handover) -> dict[str, str]:
    """Whether the library is in this process that ``LD_PRELOAD`` named."""
    try:
        ctypes.CDLL(PRELOADED, mode=os.RTLD_NOLOAD | os.RTLD_NOW)
    except OSError:
        return {"preloaded": "no"}
    return {"preloaded": "yes"}


def take_descriptors(handover: Handover) -> dict[str, str]:
    """Take what the other side passes along with its bytes, by every way that there is."""
    handover.connection.sendall(b"held")
    answer = {"with them": outcome(lambda: socket.recv_fds(handover.connection, 4, 8))}
    if answer["with them"] != "done":
        handover.connection.recv(4)
    answer["open"] = ",".join(str(number) for number in range(64) if _is_open(number))
    return answer


def write_a_file(handover: Handover) -> dict[str, str]:
    """Say that it is up, wait, and write into the store by each name that leads there."""
    handover.connection.sendall(b"held")
    handover.connection.recv(4)
    by_path = Path(handover.profile.store) / "by-path"
    return {
        "relative": outcome(lambda: _write_over(Path("relative"))),
        "path": outcome(lambda: _write_over(by_path)),
    }


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def hold(handover: Handover) -> dict[str, str]:
    """Keep a secret in memory until the other side says something. Answers what the operating system knows of it."""
    handover.connection.sendall(b"held")
    secret = bytearray(handover.unlock_key)
    handover.connection.recv(4)
    return {
        "held": str(len(secret)),
        "names": ",".join(sorted(os.environ)),
        "arguments": " ".join(sys.orig_argv[:3]),
    }


def abort(handover: Handover) -> None:
    """Crash."""
    os.abort()


def complain(handover: Handover) -> dict[str, str]:
    """Flood the log with long lines and control characters."""
    for number in range(1000):
        sys.stderr.write(f"\x1b[2Jline {number} \r{'x' * 2000}\n")
    sys.stderr.flush()
    return {}
