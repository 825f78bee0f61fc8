"""What one stream was asked for, and what it may still send of what was taken back."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ..wire.stream import Cancelled, StageApplied, broken_protocol, damaged
from .stage_timeline import StageChanged


@dataclass(frozen=True, slots=True)
class Want:
    """One step at one stage, as it is asked for."""

    step: int
    stage: int
    byte_length: int
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    want: Want
    asked_at: float


@dataclass(slots=True)
class _TakingBack:
    """What was taken back and not confirmed: of these wants the server may have begun one or more before it knew."""

    answer: StageApplied | Cancelled
    wants: list[Want]


@dataclass(frozen=True, slots=True)
class _Receiving:
    want: Want
    is_asked: bool
    """Its want is settled when it ends; not so for one that was taken back before it came."""


class AskedSteps:
    """The wants of one stream, in the order in which they were asked for.

    Steps may be asked for again once taken back.
    """

    def __init__(self) -> None:
        """Nothing was asked for yet."""
        self._asked: dict[int, _Asked] = {}
        self._taking_back: deque[_TakingBack] = deque()  # in the order in which the server will confirm them
        self._receiving: _Receiving | None = None
        self._last_batch_at = 0.0
        self.was_behind_another = False
        """The batch that ended last was owed together with the one before: its time is the server's alone."""

    @property
    def outstanding(self) -> int:
        """Steps that the server owes, or may owe."""
        return len(self._asked) + sum(1 for _ in self._unsettled())

    @property
    def outstanding_bytes(self) -> int:
        """Of these steps."""
        return sum(asked.want.byte_length for asked in self._asked.values()) + sum(self._unsettled())

    @property
    def oldest_asked_at(self) -> float | None:
        """When what is owed for longest was asked for; None where nothing is owed."""
        oldest = next(iter(self._asked.values()), None)
        return None if oldest is None else oldest.asked_at

    def has(self, step: int) -> bool:
        """Whether the step was asked for, and has neither come nor been taken back."""
        return step in self._asked

    def ask(self, want: Want, now: float) -> None:
        """Notes a want that is sent."""
        self._asked[want.step] = _Asked(want, now)

    def report(self, decision: StageChanged, is_needed: Callable[[Want], bool]) -> None:
        """Notes a report that is sent: it takes back every want from its step on that has not begun.

        A batch that has begun comes to its end, and is kept where `is_needed` still holds.
        """
        receiving = self._receiving
        is_kept = receiving is not None and is_needed(receiving.want)
        begun = receiving.want.step if receiving is not None and receiving.is_asked else None
        gone = [
            asked.want
            for step, asked in self._asked.items()
            if step >= decision.from_step and not (step == begun and is_kept)
        ]
        # What has begun for another stage ends unneeded, and its step may be asked for again before that.
        if receiving is not None and any(want.step == begun for want in gone):
            self._receiving = replace(receiving, is_asked=False)
        answer = StageApplied(decision.stage, decision.from_step, decision.schedule_from)
        self._take_back(answer, [want for want in gone if want.step != begun])
        for want in gone:
            self._asked.pop(want.step, None)

    def take_back(self, step: int) -> bool:
        """Notes that one want is taken back; False where it has begun or was never asked for: nothing is sent then."""
        asked = self._asked.get(step)
        receiving = self._receiving
        if asked is None or (receiving is not None and receiving.is_asked and receiving.want.step == step):
            return False
        self._take_back(Cancelled(step, 1), [asked.want])
        del self._asked[step]
        return True

    def confirmed(self, answer: StageApplied | Cancelled) -> None:
        """A report or a taking back was applied. Raises MESSAGE_DAMAGED where it is not the oldest one's answer."""
        oldest = self._taking_back.popleft() if self._taking_back else None
        if oldest is None or oldest.answer != answer:
            raise damaged(f"{type(answer).__name__}, or what it answers,")

    def began(self, step: int, stage: int) -> Want:
        """A batch begins: the want that it answers. Raises INTERNAL for one that was not asked for."""
        self._receiving = self._answered(step, stage)
        return self._receiving.want

    def ended(self, step: int, now: float) -> tuple[Want, float]:
        """The batch that had begun has come to its end.

        Its want, and the seconds from being asked for or from the batch before.
        """
        receiving = self._receiving
        if receiving is None or receiving.want.step != step:
            raise broken_protocol(f"step {step} ended that had not begun")
        self._receiving = None
        asked = self._asked.get(step)
        asked_at = now if asked is None else asked.asked_at
        took = now - max(asked_at, self._last_batch_at)
        self.was_behind_another = asked_at < self._last_batch_at
        self._last_batch_at = now
        if receiving.is_asked:
            self._asked.pop(step, None)
        return receiving.want, took

    def _take_back(self, answer: StageApplied | Cancelled, wants: list[Want]) -> None:
        self._taking_back.append(_TakingBack(answer, wants))

    def _answered(self, step: int, stage: int) -> _Receiving:
        """What a batch answers: one that was taken back is older than one that stands."""
        for taken in self._taking_back:
            for want in taken.wants:
                if (want.step, want.stage) == (step, stage):
                    taken.wants.remove(want)
                    return _Receiving(want, is_asked=False)
        asked = self._asked.get(step)
        if asked is None or asked.want.stage != stage:
            raise broken_protocol(f"step {step} of stage {stage} came, which was not wanted")
        return _Receiving(asked.want, is_asked=True)

    def _unsettled(self) -> Iterator[int]:
        """Bytes of what may come beside what is asked for.

        One batch of each unconfirmed answer, and one that has begun.
        """
        for taken in self._taking_back:
            if taken.wants:
                yield max(want.byte_length for want in taken.wants)
        if self._receiving is not None and not self._receiving.is_asked:
            yield self._receiving.want.byte_length
