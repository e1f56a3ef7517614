"""What the engine touches, as the kernel sees it: the files it changes, where its sockets lead."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.control import ControlClient
from bridge.demo.run import INPUT, REFERENCE
from tests.integration.commands import PATIENCE_S, host_running
from tests.rigs.installed import required

CALLS = (
    "open,openat,openat2,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,"
    "symlinkat,unlink,unlinkat,rmdir,truncate,chmod,fchmodat,mknod,mknodat,"
    "socket,connect,bind,sendto,sendmsg,sendmmsg"
)
"""Every call by which a path is changed or a socket is given an address."""
OPENING = re.compile(r"\b(?:open|openat|openat2)\(")
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")
CHANGING = re.compile(r"\b(?:creat|mkdir|rename|link|symlink|unlink|rmdir|truncate|chmod|mknod)")
PATH = re.compile(r'"([^"]*)"')
SOCKET = re.compile(r"\b(?:socket|connect|bind|sendto|sendmsg|sendmmsg)\(")
ADDRESS = re.compile(
    r'sa_family=(\w+)(?:.*?(?:inet_addr\(|inet_pton\(AF_INET6, |sun_path=)"([^"]*)")?'
)
OWN_FOLDER = "/dafx-bridge"
SOUND_SERVER = re.compile(r"jack|pulse|pipewire")
FAILED = re.compile(r"= -1 E")


@dataclass
class Trace:
    """What a program and all its children did."""

    changed: set[str]
    """Paths that were written, made, renamed or removed."""
    read: set[str]
    addresses: set[tuple[str, str]]
    """Family and address of every socket that was given one."""
    families: set[str]
    """Of every socket that was made."""

    @classmethod
    def of(cls, told: str) -> "Trace":
        trace = cls(set(), set(), set(), set())
        for line in told.splitlines():
            if SOCKET.search(line):
                trace.families |= set(re.findall(r"socket\((\w+)", line))
                trace.addresses |= {(family, at) for family, at in ADDRESS.findall(line)}
            elif OPENING.search(line) and not WRITING.search(line):
                trace.read |= set(PATH.findall(line)[:1])
            elif (OPENING.search(line) or CHANGING.search(line)) and not FAILED.search(line):
                trace.changed |= set(PATH.findall(line))
        return trace

    def assert_private(self, home: Path) -> None:
        """Nothing but its own folders in `home`, this computer's loopback, and sound."""
        own = {path for path in self.changed if f"{OWN_FOLDER}/" in f"{path}/"}
        parents = {str(parent) for path in own for parent in Path(path).parents}
        assert all(Path(path).is_relative_to(home) for path in own)
        # Devices, and the memory through which sound servers speak.
        others = self.changed - own - parents
        assert {path for path in others if not path.startswith("/dev/")} == set()
        assert self.families <= {"AF_INET", "AF_UNIX"}
        for family, at in self.addresses:
            assert at == "127.0.0.1" if family == "AF_INET" else SOUND_SERVER.search(at)
        # Where whoever looks up a name begins.
        assert "/etc/resolv.conf" not in self.read


@contextmanager
def traced(
    folder: Path, *arguments: object
) -> Iterator[tuple["subprocess.Popen[str]", Path, Path]]:
    """`dafx-bridge` in an empty home, that home, and the file that its calls are written to."""
    home, told = folder / "home", folder / "trace"
    home.mkdir()
    strace = (required("strace", "strace"), "-f", "-qq", "--seccomp-bpf", "-s", "256")
    # What Python compiles it keeps beside its source, once; that is no part of what is asked here.
    command = (sys.executable, "-B", "-m", "bridge", *arguments)
    child = subprocess.Popen(
        [*map(str, strace), "-o", str(told), "-e", f"trace={CALLS}", "--", *map(str, command)],
        stdout=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("XDG_")} | {"HOME": str(home)},
    )
    try:
        yield child, home, told
    finally:
        child.kill()
        child.communicate(timeout=PATIENCE_S)


def test_live_writes_nothing_and_speaks_to_this_computer_alone(tmp_path: Path) -> None:
    with host_running("mda-overdrive") as (_, port):
        arguments = ("--input", INPUT, "--reference", REFERENCE, "--seconds", 9, "--json")
        host = ("--host", f"embedded://127.0.0.1:{port}")
        with traced(tmp_path, "live", "--plugin", "mda-overdrive", *arguments, *host) as (
            child,
            home,
            told,
        ):
            out, _ = child.communicate(timeout=PATIENCE_S)
    summary = json.loads(out.splitlines()[-1])["summary"]
    assert summary["predictions"] > 0
    assert summary["sends"] > 0
    Trace.of(told.read_text()).assert_private(home)
    assert list(home.rglob("*")) == []


def test_the_engine_writes_its_own_folders_alone(tmp_path: Path) -> None:
    with traced(tmp_path, "engine", "--port", 0, "--query-port", 0, "--json") as (
        child,
        home,
        told,
    ):
        assert child.stdout
        with ControlClient(json.loads(child.stdout.readline())["ready"]["port"]) as client:
            client.send("/demo")
            client.wait(lambda values: values.get("/state") == ("matching",), PATIENCE_S)
            client.send("/quit")
        assert child.wait(PATIENCE_S) == 0
    trace = Trace.of(told.read_text())
    trace.assert_private(home)
    # Settings were kept, so the trace does see what is written.
    assert any(str(home) in path for path in trace.changed)


LISTENING = (
    'bind(3, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0'
)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ('openat(AT_FDCWD, "/root/.cache/id", O_WRONLY|O_CREAT, 0600) = 4', "changed"),
        ('rename("/tmp/a", "/tmp/b") = 0', "changed"),
        ('connect(4, {sa_family=AF_INET, sin_addr=inet_addr("1.2.3.4")}, 16) = 0', "addresses"),
        ('sendto(3, "x", 1, 0, {sa_family=AF_INET6, inet_pton(AF_INET6, "fe80::1", ', "addresses"),
        ('connect(4, {sa_family=AF_UNIX, sun_path="/run/nscd/socket"}, 110) = 0', "addresses"),
        ('openat(AT_FDCWD, "/etc/resolv.conf", O_RDONLY|O_CLOEXEC) = 4', "read"),
        ("socket(AF_PACKET, SOCK_RAW, 768) = 5", "families"),
    ],
)
def test_what_is_not_private_would_be_seen(tmp_path: Path, call: str, kind: str) -> None:
    private, not_private = Trace.of(LISTENING), Trace.of(f"{LISTENING}\n{call}")
    private.assert_private(tmp_path)
    assert getattr(not_private, kind) != getattr(private, kind)
    with pytest.raises(AssertionError):
        not_private.assert_private(tmp_path)
