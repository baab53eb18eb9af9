"""Keeps a process to one address: what it is led to by others' answers it cannot reach by itself.

Helm takes no proxy for `localhost`, so that a redirect there would go by nobody who checks. seccomp (Linux 5.5) has each connect
answered by a thread of this process, which reads where it leads. Helm is led, not hostile: nobody changes the address meanwhile.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import ipaddress
import os
import platform
import socket
import struct
import threading

_PR_SET_NO_NEW_PRIVS = 38
# The numbers of seccomp and connect.
_CALLS = {"x86_64": (317, 42), "aarch64": (277, 203)}
_SET_MODE_FILTER, _NEW_LISTENER = 1, 8
_ASK, _ALLOW = 0x7FC00000, 0x7FFF0000
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_CONTINUE = 1
_REQUEST = struct.Struct("=QIIiIQ6Q")
_ANSWER = struct.Struct("=Qqii")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def connect_only(port: int, *, near: bool) -> None:
    """Connect to this port of 127.0.0.1 alone from now on, in this thread and those it starts; `near`: to all of loopback.

    Raise OSError where the kernel does not help with that.
    """
    found: list[int] = []
    ready = threading.Event()
    # Before the filter is in force, so that it does not wait for itself.
    threading.Thread(target=_answer, args=(ready, found, port, near), daemon=True).start()
    try:
        found.append(_listener())
    finally:
        ready.set()


def _listener() -> int:
    if platform.machine() not in _CALLS:
        raise OSError(errno.ENOSYS, f"seccomp is not known of {platform.machine()}")
    seccomp, connect = _CALLS[platform.machine()]
    steps = ((_LOAD, 0, 0, 0), (_IF_EQUAL, 0, 1, connect), (_RETURN, 0, 0, _ASK), (_RETURN, 0, 0, _ALLOW))
    program = _Program(len(steps), b"".join(struct.pack("=HBBI", *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs is refused")
    listener = libc.syscall(seccomp, _SET_MODE_FILTER, _NEW_LISTENER, ctypes.byref(program))
    if listener < 0:
        raise OSError(ctypes.get_errno(), "seccomp is refused")
    return int(listener)


def _answer(ready: threading.Event, found: list[int], port: int, near: bool) -> None:
    ready.wait()
    while found:
        request = bytearray(_REQUEST.size)
        try:
            fcntl.ioctl(found[0], _RECEIVE, request)
            identity, *_, address, size, _third, _fourth, _fifth = _REQUEST.unpack(request)
            allowed = _allowed(ctypes.string_at(address, min(size, 128)), port, near)
            answer = (identity, 0, 0, _CONTINUE) if allowed else (identity, 0, -errno.EACCES, 0)
            fcntl.ioctl(found[0], _SEND, _ANSWER.pack(*answer))
        except OSError as error:
            # Whoever asked may have been interrupted, and asks again.
            if error.errno not in (errno.EINTR, errno.ENOENT):
                os._exit(3)


def _allowed(address: bytes, port: int, near: bool) -> bool:
    family = int.from_bytes(address[:2], "little") if len(address) >= 2 else -1
    asked = int.from_bytes(address[2:4], "big")
    if family == socket.AF_INET:
        place: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.IPv4Address(address[4:8])
    elif family == socket.AF_INET6:
        place = ipaddress.IPv6Address(address[8:24])
    else:
        return False
    return (str(place) == "127.0.0.1" and asked == port) or (near and place.is_loopback)
