"""A history told in short is what the TypeScript trainer tells of it."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import pytest

from patchstream.trainer.history.history_in_short import MOST_OF_A_KIND, MOST_ROWS, HistoryInShort
from tests.serving import REPOSITORY

Event = Mapping[str, Any]

THEIRS = """
import { HistoryInShort } from "./dist/trainer/history/history-in-short.js";
let text = "";
for await (const piece of process.stdin.setEncoding("utf8")) text += piece;
const told = JSON.parse(text).map((events) => {
  const short = new HistoryInShort();
  for (const event of events) short.add(event);
  return [...short.events()];
});
process.stdout.write(JSON.stringify(told));
"""


def theirs(histories: Sequence[Sequence[Event]]) -> list[list[Event]]:
    """What the TypeScript trainer tells of each."""
    command = ["node", "--input-type=module", "-e", THEIRS]
    sent = json.dumps(histories)
    return json.loads(subprocess.run(command, cwd=REPOSITORY, input=sent, text=True, check=True, stdout=-1).stdout)


def ours(events: Sequence[Event]) -> list[Event]:
    short = HistoryInShort()
    for event in events:
        short.add(event)
    return list(short.events())


def history(random: Random, *, steps: int, resumes: int) -> Iterator[Event]:
    """Of a training whose stages come in random order and which is taken up again `resumes` times."""
    steps_per_epoch = random.randint(1, 20)
    begins = [0, *sorted(random.randrange(steps) for _ in range(resumes))]
    ends = [*(min(steps, begin + random.randrange(50)) for begin in begins[1:]), steps]
    yield told("state", state="TRAINING_STATE_RUNNING", message="")
    for first, end in zip(begins, ends, strict=True):
        yield told("opened", firstStep=first, steps=steps)
        for step in range(first, end):
            if step == first or random.random() < 0.3:
                yield told("stage", stage=random.randrange(9), fromStep=step, batchSize=random.randint(1, 350))
            yield told(
                "step",
                step=step,
                stage=random.randrange(9),
                epoch=step // steps_per_epoch,
                loss=random.gauss(0, 1),
                gradientNorm=random.random(),
                learningRate=random.random(),
                waitedMs=random.random(),
                stepMs=random.random(),
                checksum=step,
            )
            if (step + 1) % steps_per_epoch == 0:
                yield told("epoch", epoch=step // steps_per_epoch, loss=random.random())
                yield told("checkpoint", step=step + 1)
    yield told("evaluated", cases=4)
    yield told("state", state="TRAINING_STATE_DONE", message="")


def told(kind: str, **body: object) -> Event:
    return {"kind": kind, kind: body}


def test_the_rows_and_the_events_are_theirs_in_the_same_order():
    random = Random(19)
    sizes = [1, 2, 300, MOST_ROWS, MOST_ROWS + 1, 4 * MOST_ROWS + 3, 9000]
    histories = [list(history(random, steps=steps, resumes=resumes)) for steps in sizes for resumes in (0, 2)]
    for events, expected in zip(histories, theirs(histories), strict=True):
        assert ours(events) == expected


@pytest.mark.parametrize("steps", [9000])
def test_however_long_it_is_a_few_thousand_events_hold_each_step(steps: int):
    events = list(history(Random(1), steps=steps, resumes=0))
    short = ours(events)
    rows = [event["steps"] for event in short if event["kind"] == "steps"]
    assert len(rows) <= MOST_ROWS
    assert sum(event["kind"] == "stage" for event in short) == MOST_OF_A_KIND
    losses = [event["step"]["loss"] for event in events if event["kind"] == "step"]
    at = 0
    for row in rows:
        those = losses[at : at + row["steps"]]
        assert (row["firstStep"], row["lossMin"], row["lossMax"]) == (at, min(those), max(those))
        at += row["steps"]
    assert at == steps
