"""What dialects over UDP share: one socket, questions repeated until answered, news gathered."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic

from typing_extensions import override

from bridge.errors import HostError
from bridge.hosts.base import Dialect, News, Profile, Progress, Ref, silently
from bridge.osc import Address, Argument, Message, OscSocket

_ATTEMPTS = 4
ANSWER_S = 0.5
"""How long a question may take before it is asked again."""
QUIET_S = 0.25
"""A dump is over after so long a silence; hosts send its packets 10 ms apart."""
_AT_ONCE = 64
"""How many questions are under way together: a system's buffer holds about 250 messages."""
_PACKETS_AT_ONCE = 500
"""A poll ends after so many packets, whatever floods the socket."""


@dataclass
class Gathering:
    """News as it comes in."""

    values: list[tuple[Ref, float]] = field(default_factory=list)
    turned: list[tuple[Ref, float]] = field(default_factory=list)
    answered: bool = False
    moved: bool = False
    gone: bool = False

    def hand_out(self) -> News[Ref]:
        """The news, as a value."""
        return News(tuple(self.values), tuple(self.turned), self.answered, self.moved, self.gone)


class OscDialect(Dialect):
    """Owns one UDP socket on loopback, which sends and receives."""

    def __init__(self, profile: Profile, address: Address, port: int = 0) -> None:
        """`port`: where answers come in; 0 where the host answers to whoever asks."""
        self.profile = profile
        self._address = address
        self._news = Gathering()
        try:
            self._socket = OscSocket(port)
        except HostError:
            raise HostError(
                f"UDP port {port}, to which {profile.name} answers, is taken; end the other"
                " program, or set another in the host and add ?reply=PORT to the URL"
            ) from None
        if self._socket.port == address[1]:
            # It would hear its own questions and take them for answers.
            self._socket.close()
            if port:
                raise HostError(
                    f"{profile.name} is asked at port {port}, so it cannot answer there too; give"
                    " another ?reply=PORT, and set it in the host"
                )
            raise self._unanswered()

    @override
    def poll(self) -> News[Ref]:
        news, self._news = self._gathered(), Gathering()
        return news.hand_out()

    @override
    def close(self) -> None:
        self._socket.close()

    @abstractmethod
    def _hear(self, message: Message, news: Gathering) -> None:
        """Take what a message says of the attached plugins; leave what is not understood."""

    def _gathered(self) -> Gathering:
        """The news with all that is there already."""
        for _ in range(_PACKETS_AT_ONCE):
            messages = self._arrived()
            if messages is None:
                break
            for message in messages:
                self._news.answered = True
                self._hear(message, self._news)
        self._news.gone |= self._is_gone
        return self._news

    def _arrived(self) -> list[Message] | None:
        """The messages of the next packet that is there already; None where there is none."""
        received = self._socket.receive(0)
        return received[0] if received else None

    @property
    def _is_gone(self) -> bool:
        """Whether the host has closed a connection it had opened; UDP has none."""
        return False

    def _send(self, *messages: Message) -> None:
        for message in messages:
            self._socket.send(message, self._address)

    def _send_together(self, messages: list[Message]) -> None:
        self._socket.send_bundle(messages, self._address)

    def _request(
        self,
        questions: Callable[[], list[Message]],
        take: Callable[[Message], None],
        answered: Callable[[], bool],
    ) -> None:
        """Blocking: ask until it is answered. Raises HostError where it never is."""
        for _ in range(_ATTEMPTS):
            self._send(*questions())
            deadline = monotonic() + ANSWER_S
            while (left := deadline - monotonic()) > 0:
                received = self._socket.receive(left)
                for message in received[0] if received else []:
                    take(message)
                if answered():
                    return
        raise self._unanswered()

    def _request_each(
        self, questions: Sequence[Message], told: Progress = silently
    ) -> list[tuple[Argument, ...]]:
        """Blocking: the answer to each question, of hosts that repeat a question in its answer.

        Many are asked at once, as a slow host takes all that has come in together. Raises HostError
        where one is never answered.
        """
        answers: list[tuple[Argument, ...]] = []
        for start in range(0, len(questions), _AT_ONCE):
            answers += self._request_batch(questions[start : start + _AT_ONCE])
            told(len(answers), len(questions))
        return answers

    def _request_batch(self, questions: Sequence[Message]) -> list[tuple[Argument, ...]]:
        answers: dict[Message, tuple[Argument, ...]] = {}

        def take(message: Message) -> None:
            for question in questions:
                count = len(question.arguments)
                begins = message.arguments[:count] == question.arguments
                if begins and message.address == question.address:
                    answers[question] = message.arguments[count:]

        self._request(
            lambda: [question for question in questions if question not in answers],
            take,
            lambda: answers.keys() >= {*questions},
        )
        return [answers[question] for question in questions]

    def _request_all(self, *questions: Message) -> dict[str, Argument]:
        """Blocking: ask, and take what comes until it is quiet; for answers without an end.

        The single values that are told, by address. Raises HostError where nothing comes.
        """
        told: dict[str, Argument] = {}
        heard = False
        for _ in range(_ATTEMPTS):
            self._send(*questions)
            deadline = monotonic() + ANSWER_S
            while (left := deadline - monotonic()) > 0 and (got := self._socket.receive(left)):
                heard = True
                deadline = monotonic() + QUIET_S
                told |= {m.address: m.arguments[0] for m in got[0] if len(m.arguments) == 1}
            if heard:
                return told
        raise self._unanswered()

    def _unanswered(self) -> HostError:
        host, port = self._address
        return HostError(f"no {self.profile.name} answers at {host}:{port}; {self.profile.remedy}")
