"""Every secret buffer of this process lies in memory that nobody else can read, the kernel included."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
from typing import ClassVar

from warifu.signer.isolation.kernel import call
from warifu.signer.isolation.layer import IsolationProfile, Unavailable
from warifu.signer.isolation.secret_memory import SecretMemory
from warifu.threshold.wiping import Secret, keep_secrets_in

_SIZE = 1024 * 1024
"""Pages are taken when they are first used. Three signers that make a wallet, prepare ECDSA signatures and sign take
about 25 KiB together; a tenth of this size is enough for them (``tests/isolation/test_secret_memory.py``)."""
_NOT_HERE = {
    errno.ENOSYS: "the kernel is older than 5.14",
    errno.EPERM: "it is switched off (secretmem.enable=1)",
}


class HiddenSecrets:
    """Locks, shares and nonces are opened into such memory by libsodium, and worked on in place. What the platform
    unseals, what Argon2id answers and what numpy computes lies, for moments, in ordinary memory."""

    name: ClassVar[str] = "secret-memory"
    reason: ClassVar[str] = (
        "an open share must not be readable through the kernel: not by a tracer, a dump, or a bug that leaks memory"
    )

    def apply(self, _profile: IsolationProfile) -> None:
        size = _affordable()
        try:
            memory = SecretMemory(size, hidden=True)
        except OSError as error:
            keep_secrets_in(SecretMemory(size, hidden=False).take)
            because = _NOT_HERE.get(error.errno or 0, str(error))
            raise Unavailable(
                f"no memfd_secret(2): {because}; secrets lie in locked memory instead"
            ) from None
        keep_secrets_in(memory.take)

    def probe(self, _profile: IsolationProfile) -> str | None:
        with Secret(b"a canary that nobody may read") as canary:
            if not isinstance(canary.buffer, memoryview):
                return "secrets lie in ordinary memory"
            return None if _kernel_refuses_to_read(canary.buffer) else "the kernel reads it"


def _affordable() -> int:
    """Half of what may be locked where that is little: libsodium locks some of its own."""
    allowed = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return _SIZE if allowed == resource.RLIM_INFINITY else min(_SIZE, allowed // 2)


def _kernel_refuses_to_read(secret: memoryview) -> bool:
    """By the call with which a debugger reads, which a process may use on itself."""
    there = ctypes.addressof(ctypes.c_ubyte.from_buffer(secret))
    here = ctypes.create_string_buffer(len(secret))
    try:
        call(
            "process_vm_readv",
            os.getpid(),
            (ctypes.c_size_t * 2)(ctypes.addressof(here), len(secret)),
            ctypes.c_ulong(1),
            (ctypes.c_size_t * 2)(there, len(secret)),
            ctypes.c_ulong(1),
            ctypes.c_ulong(0),
        )
    except OSError as error:
        return error.errno == errno.EFAULT
    return False
