"""Git processes whose output is read while they run, so that a long answer takes no memory and ends in time."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from shared.adapters.git_disk.git import Git, GitFailed, said_by, text_of
from shared.adapters.processes import Completed, TimedOut, kill
from shared.ports.errors import Permanent, Transient

_BLOCK = 1 << 16
_MOST_SAID = 1 << 16
_LONGEST_RECORD = 1 << 20
_SHOWN = 100


@contextmanager
def piped(git: Git, *commands: Sequence[str], input: IO[bytes] | None = None, seconds: float) -> Iterator[IO[bytes]]:
    """Run commands, each reading what the one before prints, and give what the last prints.

    Whoever stops reading early ends them. Raise TimedOut when they take longer, GitFailed for an exit code but 0.
    """
    with tempfile.TemporaryFile() as said:
        processes: list[subprocess.Popen[bytes]] = []
        last: int | IO[bytes] = subprocess.DEVNULL if input is None else input
        try:
            for command in commands:
                processes.append(git.start(*command, stdin=last, stderr=said))
                out = processes[-1].stdout
                assert out is not None
                if len(processes) > 1 and not isinstance(last, int):
                    last.close()  # the process before has to see that nobody reads any more
                last = out
            assert not isinstance(last, int)
            with _in_time(git, commands, processes, seconds):
                try:
                    yield last
                except EOFError:
                    _finish(git, commands, processes, last, said)
                    raise Transient(f"git {commands[-1][0]} in {git.repository.name} ended early") from None
                _finish(git, commands, processes, last, said)
        finally:
            for process in processes:
                kill(process)
                if process.stdout is not None:
                    process.stdout.close()


@contextmanager
def talking(git: Git, *command: str, seconds: float) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Run a command that answers what it is asked: give where to ask (flush) and where it answers. It ends with the block."""
    with tempfile.TemporaryFile() as said:
        process = git.start(*command, stdin=subprocess.PIPE, stderr=said)
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            with _in_time(git, [command], [process], seconds):
                try:
                    yield process.stdin, process.stdout
                except (BrokenPipeError, EOFError) as error:
                    done = _done(process, said)
                    raise GitFailed(f"git {command[0]} in {git.repository.name}: {said_by(done)}", done) from error
        finally:
            kill(process)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()


def records(stream: IO[bytes], sign: bytes) -> Iterator[bytes]:
    """Split what is read at a byte; what stands after the last one is not finished and is left out.

    Raise Permanent for a record that is longer than anything with a use.
    """
    rest = b""
    while block := stream.read(_BLOCK):
        *whole, rest = (rest + block).split(sign)
        yield from whole
        if len(rest) > _LONGEST_RECORD:
            raise Permanent(
                f"git names something with more than {_LONGEST_RECORD} bytes, as {text_of(rest[:_SHOWN])}...; give it a shorter name"
            )


@contextmanager
def _in_time(
    git: Git, commands: Sequence[Sequence[str]], processes: Sequence[subprocess.Popen[bytes]], seconds: float
) -> Iterator[None]:
    over = threading.Event()
    timer = threading.Timer(max(seconds, 0), _end(processes, over))
    timer.daemon = True
    timer.start()
    try:
        yield
    except GeneratorExit:
        raise
    except BaseException as error:
        if over.is_set():
            raise _too_long(git, commands, seconds) from error
        raise
    finally:
        timer.cancel()
    if over.is_set():
        raise _too_long(git, commands, seconds)


def _end(processes: Sequence[subprocess.Popen[bytes]], over: threading.Event) -> Callable[[], None]:
    def end() -> None:
        over.set()
        for process in processes:
            # Whoever reads sees the end of what was printed, and then that the time is over.
            process.kill()

    return end


def _too_long(git: Git, commands: Sequence[Sequence[str]], seconds: float) -> TimedOut:
    return TimedOut(f"git {commands[0][0]} in {git.repository.name} took longer than {seconds:g} s and was ended", b"")


def _finish(
    git: Git,
    commands: Sequence[Sequence[str]],
    processes: Sequence[subprocess.Popen[bytes]],
    out: IO[bytes],
    said: IO[bytes],
) -> None:
    """See to it that all ended well; what nobody read to its end is ended, which is well too."""
    stopped = bool(out.read(1))
    for command, process in zip(commands, processes, strict=True):
        if stopped:
            kill(process)
            continue
        done = _done(process, said)
        if done.code:
            raise GitFailed(f"git {command[0]} in {git.repository.name}: {said_by(done)}", done)


def _done(process: subprocess.Popen[bytes], said: IO[bytes]) -> Completed:
    code = process.wait()
    said.seek(0)
    return Completed(code=code, stdout=b"", stderr=said.read(_MOST_SAID))
