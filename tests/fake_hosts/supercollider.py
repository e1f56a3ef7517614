"""scsynth's command interface: a group with synths, controls by the manifest's symbols."""

from typing import Any

from tests.fake_hosts.base import FakeHost, FakeParameter, FakePlugin, RefusedError, require

FIRST_NODE = 1000


class FakeSuperCollider(FakeHost):
    scheme = "supercollider"
    path = "{plugins}"
    ranged = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.first_node = FIRST_NODE
        super().__init__(*arguments, **options)

    def move_track(self) -> None:
        """The synths end, and others of their definitions take their place."""
        with self._lock:
            ended = next(n for n, plugin in self._synths().items() if plugin is self.plugin)
            self.first_node += 10
            self.reply(self.listener, "/n_end", "iiiii", ended, 1, -1, -1, 0)

    def tell_switched(self, plugin: FakePlugin) -> None:
        node = next(n for n, synth in self._synths().items() if synth is plugin)
        what = "/n_on" if plugin.enabled else "/n_off"
        if self.listener:
            self.reply(self.listener, what, "iiiii", node, 1, -1, -1, 0)

    def take(self, address: str, tags: str, arguments: tuple[Any, ...], sender: Any) -> None:
        match address:
            case "/g_queryTree":
                require(tags, "ii")
                self._tree(sender)
            case "/notify":
                require(tags, "i")
                self.listener = sender
                self.reply(sender, "/done", "sii", "/notify", 0, 8)
            case "/n_set":
                require(tags, "i" + "sf" * (len(tags) // 2))
                if plugin := self._synth(address, arguments[0], sender):
                    for name, value in zip(arguments[1::2], arguments[2::2], strict=True):
                        self._control(plugin, name).value = value
            case "/s_get":
                require(tags, "i" + "s" * (len(tags) - 1))
                if plugin := self._synth(address, arguments[0], sender):
                    told = [x for n in arguments[1:] for x in (n, self._control(plugin, n).value)]
                    tags = "i" + "sf" * (len(told) // 2)
                    self.reply(sender, "/n_set", tags, arguments[0], *told)
            case "/n_run":
                require(tags, "ii")
                plugin = self._synth(address, arguments[0], sender)
                if plugin and plugin.enabled is not bool(arguments[1]):
                    plugin.enabled = bool(arguments[1])
                    self.tell_switched(plugin)
            case _:
                raise RefusedError("unknown")

    def _tree(self, to: Any) -> None:
        tags, told = "iiiii", [1, 0, 1, 1, len(self._synths())]
        for node, plugin in self._synths().items():
            controls = [x for p in plugin.parameters for x in (self.shown(p), p.value)]
            tags += "iisi" + "sf" * len(plugin.parameters) + "ss"
            told += [node, -1, plugin.name, len(plugin.parameters) + 1, *controls, "in", "c3"]
        self.reply(to, "/g_queryTree.reply", tags, *told)

    def _synths(self) -> dict[int, FakePlugin]:
        plugins = [plugin for track in self.tracks for plugin in track.plugins]
        return dict(enumerate(plugins, self.first_node))

    def _synth(self, command: str, node: int, sender: Any) -> FakePlugin | None:
        if node in self._synths():
            return self._synths()[node]
        self.reply(sender, "/fail", "ss", command, f"Node {node} not found")
        return None

    def _control(self, plugin: FakePlugin, name: str) -> FakeParameter:
        for parameter in plugin.parameters:
            if self.shown(parameter) == name:
                return parameter
        raise RefusedError(f"no control {name}")

    def shown(self, parameter: FakeParameter) -> str:
        symbols = {p.spec.name: p.spec.symbol for p in self.chain.parameters}
        return symbols.get(parameter.name, parameter.name)
