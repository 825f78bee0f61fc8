"""Runs over a real server: order, bytes, shares, stages, resume."""

import gc
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import numpy as np
import pytest

import patchstream
from patchstream import Batch, DataClient, PatchstreamError, Run
from patchstream.plan import verify_batch
from patchstream.transport.session import Session
from patchstream.wire.stream import ReceivedBatch
from tests.serving import SMALL_SPEC, Server
from tests.serving import patchstream as command


@pytest.fixture
def client(sample_server: Server) -> Iterator[DataClient]:
    with patchstream.connect(sample_server.address) as client:
        yield client


@pytest.fixture
def run(client: DataClient) -> Run:
    return client.open_run(SMALL_SPEC)


def checksums(run: Run, count: int | None = None) -> list[tuple[int, int, int]]:
    """(step, stage, checksum) of the next batches."""
    steps = range(run.steps if count is None else count)
    return [(batch.step, batch.stage, batch.checksum) for _, batch in zip(steps, run, strict=False)]


def test_every_step_comes_once_in_order_with_the_bytes_that_the_command_line_cuts(
    run: Run, sample_store: Path, tmp_path: Path
) -> None:
    got = checksums(run)
    assert [step for step, _, _ in got] == list(range(24))
    assert [stage for _, stage, _ in got] == [0] * 8 + [1] * 8 + [2] * 8
    spec = tmp_path / "run.json"
    spec.write_text(json.dumps({"data": SMALL_SPEC}))
    for step in (0, 9, 23):
        arguments = ["--store", str(sample_store), "--run", str(spec), "--step", str(step), "--json"]
        assert json.loads(command("get", *arguments))["checksum"] == got[step][2]


def test_a_batch_says_what_it_is(run: Run) -> None:
    batch = next(run)
    assert (batch.step, batch.stage, batch.patch_size, batch.global_batch) == (0, 0, (8, 8, 8), 6)
    assert (batch.image.shape, batch.image.dtype) == ((6, 1, 8, 8, 8), np.float32)
    assert (batch.label.shape, batch.label.dtype) == ((6, 8, 8, 8), np.uint8)
    assert (batch.deep_labels, batch.loss_weight, batch.timeline) == ((), 1.0, "train")
    assert len(batch.samples) == 6
    assert all(sample.size == (8, 8, 8) for sample in batch.samples)
    assert {sample.kind for sample in batch.samples} <= {"foreground", "random"}
    assert all((sample.kind == "foreground") == (sample.label_class > 0) for sample in batch.samples)


def test_a_batch_by_its_address_is_the_one_of_the_run(client: DataClient, run: Run) -> None:
    batches = [batch for _, batch in zip(range(10), run, strict=False)]
    one = client.get_batch(SMALL_SPEC, step=9)
    assert (one.step, one.stage, one.checksum) == (9, 1, batches[9].checksum)
    assert np.array_equal(one.image, batches[9].image)
    assert one.samples == batches[9].samples
    other_stage = client.get_batch(SMALL_SPEC, step=9, stage=0)
    assert (other_stage.stage, other_stage.patch_size) == (0, (8, 8, 8))


@pytest.mark.parametrize("carrier", ["grpc", "lane"])
def test_bytes_are_the_same_over_grpc_and_over_a_lane(
    run: Run, sample_server: Server, carrier: patchstream.Carrier
) -> None:
    with patchstream.connect(sample_server.address, carrier=carrier) as client:
        carried = client.open_run(SMALL_SPEC)
        assert next(carried).carrier == carrier
        assert checksums(carried) == checksums(run)[1:]


def test_a_loop_that_was_left_goes_on_where_it_was(run: Run) -> None:
    for batch in run:
        if batch.step == 3:
            break
    assert run.step == 4
    assert next(run).step == 4


def test_after_the_last_step_a_run_is_over_and_has_no_streams(client: DataClient) -> None:
    run = client.open_run(SMALL_SPEC, start_step=22)
    assert [batch.step for batch in run] == [22, 23]
    assert list(run) == []
    for thread in session_threads():
        thread.join(30)
        assert not thread.is_alive()


def test_a_run_that_begins_at_a_step_delivers_what_one_that_came_there_would(client: DataClient, run: Run) -> None:
    assert checksums(client.open_run(SMALL_SPEC, start_step=15)) == checksums(run)[15:]


def test_a_step_past_the_end_is_refused(client: DataClient) -> None:
    with pytest.raises(PatchstreamError, match="step 25 does not exist; the train timeline has steps 0 to 23"):
        client.open_run(SMALL_SPEC, start_step=25)


def test_validation_has_its_own_timeline(client: DataClient, run: Run) -> None:
    val = client.open_run(SMALL_SPEC, timeline="val")
    first = next(val)
    assert (val.steps, first.stage, first.patch_size, first.timeline) == (18, 2, (40, 56, 40), "val")
    trained_on = {sample.case for batch in run for sample in batch.samples}
    assert trained_on.isdisjoint({sample.case for sample in first.samples})


def test_the_shares_of_ranks_are_the_batch_and_their_weights_its_mean(client: DataClient, run: Run) -> None:
    shares = [client.open_run(SMALL_SPEC, rank=rank, ranks=2, start_step=16) for rank in (0, 1)]
    whole = client.get_batch(SMALL_SPEC, step=16)
    first, second = next(shares[0]), next(shares[1])
    assert np.array_equal(first.image, whole.image[0::2])
    assert np.array_equal(second.label, whole.label[1::2])
    assert (first.loss_weight, second.loss_weight) == pytest.approx((4 / 3, 2 / 3))
    assert (shares[1].rank, shares[1].ranks, run.ranks) == (1, 2, 1)


def test_ranks_beyond_the_smallest_batch_are_refused_by_name(client: DataClient) -> None:
    with pytest.raises(PatchstreamError, match="ranks is 4; it must be"):
        client.open_run(SMALL_SPEC, ranks=4)
    with pytest.raises(PatchstreamError, match="rank is 2; it must be an integer from 0 to 1"):
        client.open_run(SMALL_SPEC, rank=2, ranks=2)


def test_the_parts_of_a_run_are_the_run_each_step_once(client: DataClient, run: Run) -> None:
    parts = [client.open_run(SMALL_SPEC, start_step=2).part(index, 3) for index in range(3)]
    got = [checksums(part) for part in parts]
    assert [step for step, _, _ in got[1]] == list(range(3, 24, 3))
    assert sorted(entry for part in got for entry in part) == checksums(run)[2:]


def test_wants_reach_as_far_as_the_credit(client: DataClient) -> None:
    runs = {4: client.open_run(SMALL_SPEC, credit_batches=3), 2: client.open_run(SMALL_SPEC, credit_bytes=1)}
    for first_unwanted, run in runs.items():
        assert run.first_unwanted == 0
        next(run)
        assert run.first_unwanted == first_unwanted
        run.close()


def test_no_credit_is_refused(client: DataClient) -> None:
    with pytest.raises(PatchstreamError, match="credit"):
        client.open_run(SMALL_SPEC, credit_batches=0)


def test_a_stage_change_begins_by_default_at_the_first_step_not_wanted(client: DataClient) -> None:
    run = client.open_run(SMALL_SPEC, credit_batches=3)
    next(run)
    changed = run.change_stage(2, reason="plateau", metrics={"loss": 0.5})
    assert (changed.stage, changed.from_step, changed.schedule_from) == (2, 4, None)
    assert [stage for _, stage, _ in checksums(run, 5)] == [0, 0, 0, 2, 2]


def test_an_immediate_change_begins_at_the_first_step_not_handed_out(client: DataClient, run: Run) -> None:
    next(run)
    changed = run.change_stage(1, immediate=True)
    assert (changed.from_step, changed.schedule_from) == (1, 16)
    got = checksums(run)
    assert [stage for _, stage, _ in got] == [1] * 15 + [2] * 8
    assert got[2][2] == client.get_batch(SMALL_SPEC, step=3, stage=1).checksum


def test_a_stage_may_be_decided_before_the_first_batch(run: Run) -> None:
    run.change_stage(1, hold=True)
    assert {stage for _, stage, _ in checksums(run)} == {1}


def test_a_change_at_a_step_that_was_handed_out_is_refused_and_names_it(run: Run) -> None:
    checksums(run, 3)
    with pytest.raises(PatchstreamError) as refused:
        run.change_stage(1, from_step=2)
    assert refused.value.facts == {"code": "STEP_PASSED", "step": 2, "delivered": 2}
    with pytest.raises(PatchstreamError, match="stage 3 does not exist; the train timeline has stages 0 to 2"):
        run.change_stage(3)


def test_ranks_that_change_at_an_agreed_step_change_together(client: DataClient) -> None:
    shares = [client.open_run(SMALL_SPEC, rank=rank, ranks=3) for rank in range(3)]
    for share in shares:
        checksums(share, 2)
    agreed = max(share.first_unwanted for share in shares)
    for share in shares:
        share.change_stage(2, from_step=agreed)
    stages = [[stage for _, stage, _ in checksums(share)] for share in shares]
    assert stages[0] == stages[1] == stages[2] == [0] * (8 - 2) + [1] * (agreed - 8) + [2] * (24 - agreed)


def test_the_state_of_a_run_is_one_integer_and_the_decisions(client: DataClient, run: Run) -> None:
    checksums(run, 3)
    run.change_stage(2, from_step=6, reason="manual")
    rest = client.open_run(SMALL_SPEC)
    state = json.loads(json.dumps(run.state_dict()))
    assert (state["step"], [one["from_step"] for one in state["decisions"]]) == (3, [6])
    next(rest)
    rest.load_state_dict(state)
    again = client.open_run(SMALL_SPEC, start_step=state["step"], decisions=state["decisions"])
    expected = checksums(run)
    assert expected[2:5] == [(5, 0, expected[2][2]), (6, 2, expected[3][2]), (7, 2, expected[4][2])]
    assert checksums(rest) == checksums(again) == expected


def test_the_state_of_another_run_is_refused(client: DataClient, run: Run) -> None:
    other = client.open_run({**SMALL_SPEC, "seed": 2})
    with pytest.raises(PatchstreamError, match=r"digest is .* the digest of this run"):
        run.load_state_dict(other.state_dict())


def test_an_array_stays_as_it_is_while_somebody_holds_it(client: DataClient) -> None:
    run = client.open_run(SMALL_SPEC, start_step=16)
    batch = next(run)
    image, before = batch.image, np.array(batch.image)
    batch.release()
    with pytest.raises(ValueError, match="the batch of step 16 was released"):
        _ = batch.image
    assert [later.step for later in run] == list(range(17, 24))
    assert np.array_equal(image, before)
    assert batch.samples[0].size == (40, 56, 40)


def test_memory_is_used_again_when_nobody_holds_it(client: DataClient) -> None:
    places: set[int] = set()
    run = client.open_run(SMALL_SPEC, start_step=16, credit_batches=1)
    for batch in run:
        places.add(batch.memory.ctypes.data)
        del batch
    assert len(places) < 8


def test_images_are_float32_whatever_the_run_sends(client: DataClient) -> None:
    as_float = client.get_batch(SMALL_SPEC, step=9)
    last = client.get_batch({**SMALL_SPEC, "wire": {"layout": "channels-last"}}, step=9)
    assert last.image.shape == (4, 16, 16, 16, 1)
    assert np.array_equal(last.image_values(), as_float.image)
    for kind, dtype, digits in ("f16", np.float16, 11), ("bf16", np.uint16, 8):
        narrow: Batch = client.get_batch({**SMALL_SPEC, "wire": {"image": kind}}, step=9)
        assert (narrow.image.dtype, narrow.image_type) == (dtype, kind)
        # Rounded to nearest: within half of the last of `digits` binary digits.
        np.testing.assert_allclose(narrow.image_values(), as_float.image_values(), rtol=2.0**-digits, atol=1e-7)


def test_labels_of_deep_supervision_come_beside_the_full_one(client: DataClient) -> None:
    batch = next(client.open_run({**SMALL_SPEC, "deepSupervision": True}, start_step=16))
    assert [label.shape for label in batch.deep_labels] == [(3, 20, 28, 20), (3, 10, 14, 10)]


def test_stages_that_are_drawn_for_each_step_come_as_the_server_draws_them(client: DataClient) -> None:
    run = client.open_run({**SMALL_SPEC, "stageOrder": "random"})
    got = checksums(run)
    assert len({stage for _, stage, _ in got}) == 3
    assert got[5][2] == client.get_batch({**SMALL_SPEC, "stageOrder": "random"}, step=5).checksum


def test_every_batch_is_the_one_that_the_plan_says(client: DataClient, run: Run) -> None:
    dataset = client.describe_dataset()
    for batch in run:
        verify_batch(batch, run.info, dataset, read_locations=client.read_locations)


def test_the_thread_of_a_run_ends_when_it_is_closed_or_collected(client: DataClient) -> None:
    for end in (Run.close, lambda _: None):  # pyright: ignore[reportUnknownLambdaType, reportUnknownVariableType]
        run = client.open_run(SMALL_SPEC)
        next(run)
        (thread,) = session_threads()
        end(run)
        del run
        gc.collect()
        thread.join(30)
        assert not thread.is_alive()


def alive(kind: type[object]) -> list[object]:
    return [one for one in gc.get_objects() if isinstance(one, kind)]


def wait_for_threads() -> None:
    for thread in threading.enumerate():
        if thread.name.startswith("patchstream s"):
            thread.join(30)


def test_a_run_that_is_moved_keeps_nothing_of_where_it_was(run: Run) -> None:
    begin = run.state_dict()
    for _ in range(3):
        next(run)
        run.load_state_dict(begin)
    wait_for_threads()
    gc.collect()
    assert alive(Session) == []


def test_what_came_ahead_goes_when_a_run_is_closed_and_not_when_the_collector_comes_by(run: Run) -> None:
    gc.collect()
    gc.disable()
    try:
        next(run)
        until = monotonic() + 30
        while alive(ReceivedBatch) == [] and monotonic() < until:
            pass
        assert alive(ReceivedBatch) != []
        run.close()
        wait_for_threads()
        assert alive(ReceivedBatch) == []
    finally:
        gc.enable()


def test_threads_that_iterate_one_run_share_its_steps(client: DataClient, run: Run) -> None:
    got: list[tuple[int, int, int]] = []
    threads = [threading.Thread(target=lambda: got.extend(checksums(run))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == checksums(client.open_run(SMALL_SPEC))


def test_a_closed_client_says_so(sample_server: Server) -> None:
    client = patchstream.connect(sample_server.address)
    run = client.open_run(SMALL_SPEC)
    next(run)
    client.close()
    for call in (lambda: next(run), client.describe_dataset):
        with pytest.raises(PatchstreamError, match="closed"):
            call()


def session_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "patchstream session"]
