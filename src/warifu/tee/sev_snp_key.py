"""An SNP guest's own key from the secure processor: ``SNP_GET_DERIVED_KEY`` (include/uapi/linux/sev-guest.h;
AMD 56860, MSG_KEY_REQ).

What decides about the key, and why:

- *root key*: the chip's endorsement key (VCEK). The other choice, the VMRK, is in the hands of a migration agent.
- *measurement*: only the same image gets the key again. Without it the key would follow from the image's *names*
  (family and image id), and those are chosen by whoever launches a guest: the key that signs them is not among the
  fields that can be mixed in, so a host could launch an image of its own under the same names and be handed the key.
  An upgraded image therefore gets its secrets from its peers (peer release) or as a new device.
- *guest policy*: the same image launched in debug mode, whose memory the host may read, gets another key.
- *VMPL*: software at a less privileged level of the same guest cannot ask for a more privileged one's key.

The answer comes encrypted and authenticated from the secure processor to the guest's kernel; the host relays it and
can at most withhold it.
"""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path

from warifu.errors import PlatformRefused
from warifu.tee.ioctl import Device, Ioctl, request_number

DEVICE = Path("/dev/sev-guest")

ROOT_KEY_VCEK = 0
FIELD_GUEST_POLICY, FIELD_MEASUREMENT = 1 << 0, 1 << 3
MESSAGE_VERSION = 1

_KEY_REQUEST = struct.Struct(
    "<IIQIIQ"
)  # root_key_select, rsvd, guest_field_select, vmpl, guest_svn, tcb_version
_GUEST_REQUEST = struct.Struct("<B7xQQQ")  # msg_version, req_data, resp_data, exitinfo2
_RESPONSE_BYTES = 64
_KEY_RESPONSE = struct.Struct("<I28x32s")  # status, reserved, key (MSG_KEY_RSP)

SNP_GET_DERIVED_KEY = request_number(ord("S"), 0x1, _GUEST_REQUEST.size)


def own_key(vmpl: int) -> bytearray:
    """:func:`derived_key` of this machine, whose device is closed again: the key is asked for once."""
    try:
        device = Device(DEVICE)
    except OSError as error:
        raise _refused(f"{DEVICE} cannot be opened: {error.strerror}") from None
    try:
        return derived_key(device, vmpl)
    finally:
        device.close()


def derived_key(call: Ioctl, vmpl: int) -> bytearray:
    """32 secret bytes, the same for the same image under the same policy on the same chip; the caller's to wipe."""
    request = ctypes.create_string_buffer(
        _KEY_REQUEST.pack(ROOT_KEY_VCEK, 0, FIELD_GUEST_POLICY | FIELD_MEASUREMENT, vmpl, 0, 0),
        _KEY_REQUEST.size,
    )
    response = ctypes.create_string_buffer(_RESPONSE_BYTES)
    structure = bytearray(
        _GUEST_REQUEST.pack(MESSAGE_VERSION, ctypes.addressof(request), ctypes.addressof(response), 0)
    )
    try:
        call(SNP_GET_DERIVED_KEY, structure)
        status, key = _KEY_RESPONSE.unpack(memoryview(response))
    except OSError as error:
        exit_code = _GUEST_REQUEST.unpack(structure)[3]
        raise _refused(f"{error.strerror} (firmware and host say {exit_code:#x})") from None
    finally:
        ctypes.memset(response, 0, _RESPONSE_BYTES)
    if status:
        raise _refused(f"the secure processor refuses ({status:#x})")
    if not any(key):
        raise _refused("the answer holds no key")
    return bytearray(key)


def _refused(detail: str) -> PlatformRefused:
    return PlatformRefused(
        "derived-key",
        f"the secure processor gives this guest no key: {detail}",
        not_done="Nothing was sealed or unsealed.",
        remedy="See that /dev/sev-guest is there and that this user may open it. A guest under a paravisor needs the "
        "privilege level (VMPL) that it really runs at.",
    )
