from patchstream.transport.wanted_steps import Credit, WantedSteps


class Stages:
    """Stage 0 until `changes_at`, then `later`; a batch of stage s has 10 x (s + 1) bytes."""

    def __init__(self) -> None:
        self.changes_at = 1000
        self.later = 1

    def stage_of(self, step: int) -> int:
        return 0 if step < self.changes_at else self.later


def wanted(steps: range, credit: Credit, stages: Stages | None = None) -> WantedSteps[str]:
    return WantedSteps(steps, credit, stage_of=(stages or Stages()).stage_of, bytes_of=lambda stage: 10 * (stage + 1))


def missing(steps: WantedSteps[str]) -> list[int]:
    return [one.step for one in steps.missing()]


def arrive(steps: WantedSteps[str], step: int) -> None:
    one = steps.get(step)
    assert one is not None
    one.batch = f"batch {step}"


def test_wants_are_bounded_in_batches_and_in_bytes_and_one_is_always_allowed() -> None:
    assert missing(wanted(range(100), Credit(3, 1000))) == [0, 1, 2]
    assert missing(wanted(range(100), Credit(8, 45))) == [0, 1, 2, 3]
    assert missing(wanted(range(100), Credit(8, 1))) == [0]


def test_what_arrives_out_of_order_is_delivered_in_order_and_the_credit_moves_on() -> None:
    steps = wanted(range(5, 100), Credit(2, 1000))
    arrive(steps, 6)
    assert steps.deliver() is None
    arrive(steps, 5)
    assert steps.deliver() == "batch 5"
    assert (steps.first_undelivered, steps.first_unwanted, missing(steps)) == (6, 8, [7])


def test_a_part_of_a_run_wants_every_so_manyth_step_and_ends_with_the_run() -> None:
    steps = wanted(range(1, 8, 3), Credit(2, 1000))
    assert (missing(steps), steps.first_unwanted) == ([1, 4], 7)
    for step in (1, 4, 7):
        arrive(steps, step)
        assert steps.deliver() == f"batch {step}"
    assert steps.is_over


def test_after_a_decision_batches_of_another_stage_are_dropped_and_the_credit_holds_at_the_new_size() -> None:
    stages = Stages()
    steps = wanted(range(100), Credit(6, 60), stages)
    for step in range(6):
        arrive(steps, step)
    stages.changes_at, stages.later = 2, 1
    steps.restage()
    assert missing(steps) == [2, 3]  # 10 + 10 + 20 + 20 bytes
    assert steps.first_unwanted == 4


def test_a_decision_for_smaller_batches_wants_further_ahead() -> None:
    stages = Stages()
    stages.changes_at, stages.later = 0, 2
    steps = wanted(range(100), Credit(8, 60), stages)
    assert steps.first_unwanted == 2
    stages.later = 1
    steps.restage()
    assert steps.first_unwanted == 3  # of 20 bytes each
