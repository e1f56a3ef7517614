"""Match and Follow do what they say, or ask first; the demo presses Match itself."""

from gui.engine import Engine
from gui.views.hands import ASK, LOCKED, all_locked, all_yours
from gui.views.output import HOWLS, warns, why_unheard
from gui.views.values import is_on
from gui.widgets.messages import Holds, Messages

COMPARE = "Now compare by ear: 1 dry, 2 matched, 3 the reference"


class Hands:
    """Whose hands are on the knobs."""

    def __init__(self, engine: Engine, messages: Messages) -> None:
        self._engine, self._messages = engine, messages
        self._invites = self._was_matching = False
        engine.watch(self._look, "/match/running")

    def ready(self, action_id: str) -> bool:
        """Whether an action can do what it says; where not, that is said, or asked.

        Who presses again while it is asked means yes.
        """
        if self._messages.asked == action_id:
            self._messages.accept()
            return False
        if action_id == "sound" and warns(self._engine.values):
            self._messages.ask(
                action_id, HOWLS, "Play it", self._play, lambda: warns(self._engine.values)
            )
            return False
        return action_id not in ASK or self._has_knobs(action_id)

    def _has_knobs(self, action_id: str) -> bool:
        values, chain = self._engine.values, self._engine.chain
        if action_id == "follow" and is_on(values, "/follow"):
            return True
        if all_locked(values, chain):
            self._messages.say(LOCKED, lambda: all_locked(self._engine.values, self._engine.chain))
            return False
        if not all_yours(values, chain):
            return True
        self._messages.ask(
            action_id,
            ASK[action_id],
            "Hand back",
            lambda: self._hand_back(action_id),
            lambda: all_yours(self._engine.values, self._engine.chain),
        )
        return False

    def run_demo(self) -> None:
        """Play it, match it as soon as all is there, and then invite to compare."""
        self._messages.hide()
        self._engine.send("/demo")
        self._engine.send("/match")
        self._play()
        self._invites, self._was_matching = True, False

    def _play(self) -> None:
        self._engine.send("/output/playing", 1)

    def _hand_back(self, action_id: str) -> None:
        self._engine.send("/arm")
        self._engine.send(*(("/match",) if action_id == "match" else ("/follow", 1)))

    def _still_matched(self) -> Holds:
        """Whether it is the same chain, and no other match has begun."""
        chain, engine = self._engine.chain, self._engine
        return lambda: engine.chain is chain and not is_on(engine.values, "/match/running")

    def _look(self) -> None:
        matching = is_on(self._engine.values, "/match/running")
        if self._invites and self._was_matching and not matching:
            self._invites = False
            self._messages.tell(why_unheard(self._engine.values) or COMPARE, self._still_matched())
        self._was_matching = matching
