"""SUSHI's OSC frontend: addresses and type tags are matched whole, values clamped to 0..1."""

import re
from typing import Any

from tests.fake_hosts.base import FakeHost, FakeParameter, RefusedError, require, require_inside


class FakeSushi(FakeHost):
    scheme = "sushi"
    path = "{plugins}?reply={reply}"
    normalised = True
    takes_bundles = False
    discovers = reads = False

    def tell(self, parameter: FakeParameter) -> None:
        self.reply(self.listener, self._address(parameter), "f", parameter.value)

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        parameters = {self._address(p): p for x in self.plugins.values() for p in x.parameters}
        bypasses = {f"/bypass/{_plain(p.name)}": p for p in self.plugins.values()}
        if address in parameters:
            require(tags, "f")
            require_inside(arguments[0], 0, 1)
            parameters[address].value = arguments[0]
            self.tell(parameters[address])
        elif address in bypasses:
            require(tags, "i")
            bypasses[address].enabled = not arguments[0]
        else:
            raise RefusedError("unknown")

    def _address(self, parameter: FakeParameter) -> str:
        processor = next(x for x in self.plugins.values() if parameter in x.parameters)
        return f"/parameter/{_plain(processor.name)}/{_plain(parameter.name)}"


def _plain(name: str) -> str:
    return re.sub(r'[#*./?\[\]{}"\\]', "", name.replace(" ", "_"))
