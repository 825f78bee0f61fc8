"""What a client says of its replicas, while they fail."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import patchstream
from patchstream import PatchstreamError, Run
from tests.relay import Relay
from tests.seen_fleet import of, seen
from tests.serving import SMALL_SPEC, Server, serve


def test_of_two_replicas_one_falls_silent_it_is_said_which_and_that_the_other_was_asked(sample_store: Path) -> None:
    with (
        serve(sample_store) as victim,
        serve(sample_store) as good,
        patchstream.connect([victim.address, good.address]) as client,
    ):
        assert [(one.state, one.batches, one.heard_s) for one in client.fleet().replicas] == [("idle", 0, None)] * 2
        received = 0
        run = client.open_run(SMALL_SPEC)
        for batch in (next(run) for _ in range(run.steps)):  # A run that is asked for more ends its streams.
            received += batch.memory.nbytes
            if batch.step == 0:
                seen(client, lambda fleet: all(one.state == "serving" for one in fleet.replicas))
            if batch.step == 3:
                victim.end("SIGSTOP")
        fleet = seen(client, lambda found: of(found, victim).state == "silent")
        silent, serving = of(fleet, victim), of(fleet, good)
        assert silent.failovers > 0
        assert (serving.state, serving.damaged_batches, serving.owed) == ("serving", 0, 0)
        assert silent.batches + serving.batches == run.steps
        assert silent.bytes + serving.bytes == received
        assert serving.served_s is not None
        assert serving.heard_s is not None
        assert silent.heard_s is not None
        assert silent.heard_s > serving.heard_s
        run.close()
        assert [one.state for one in client.fleet().replicas] == ["idle", "idle"]


def test_what_is_waited_for_is_said_of_whom_it_was_asked_and_that_nobody_is_left(sample_store: Path) -> None:
    with serve(sample_store) as server, ThreadPoolExecutor() as threads:
        client = patchstream.connect(server.address)
        run = client.open_run(SMALL_SPEC, credit_batches=1)
        next(run)
        assert client.fleet().awaited is None
        server.end("SIGSTOP")
        over = threads.submit(until_failure, run)
        asked = seen(client, lambda fleet: fleet.awaited is not None and fleet.awaited.asked != ()).awaited
        assert asked is not None
        assert (asked.timeline, asked.stage, asked.asked) == ("train", 0, (server.address,))
        server.end("SIGKILL")
        lost = seen(client, lambda fleet: fleet.replicas[0].state == "lost")
        assert lost.awaited is not None
        assert (lost.awaited.step, lost.awaited.asked) == (asked.step, ())
        assert lost.replicas[0].failovers >= 1
        assert server.address in (lost.replicas[0].failure or "")
        client.close()
        assert over.result(60)


def until_failure(run: Run) -> bool:
    with suppress(PatchstreamError):
        for _ in run:
            pass
        return False
    return True


def test_batches_that_were_cut_for_another_too_and_damaged_ones_are_counted(sample_server: Server) -> None:
    with (
        Relay(sample_server.address) as relay,
        patchstream.connect(relay.address, carrier="grpc") as one,
        patchstream.connect(sample_server.address) as other,
    ):
        # The last stage's batches: what is large is a batch's.
        runs = [client.open_run(SMALL_SPEC, credit_batches=1, start_step=17) for client in (one, other)]
        relay.damage(1)
        for _ in range(17, 24):
            first, second = [next(run) for run in runs]
            assert first.checksum == second.checksum
        standings = [client.fleet().replicas[0] for client in (one, other)]
        assert [standing.damaged_batches for standing in standings] == [1, 0]
        assert [standing.batches for standing in standings] == [7, 7]
        assert 0 < sum(standing.shared_batches for standing in standings) <= 14
