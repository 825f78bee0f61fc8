"""Memory is used again when nobody holds it, and not before."""

import gc
import threading

import numpy as np
from numpy.typing import NDArray

from patchstream.wire.batch_memory import BatchMemory

MIB = 1 << 20


def address(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> int:
    return array.__array_interface__["data"][0]


def test_memory_comes_back_when_the_last_view_is_gone() -> None:
    memory = BatchMemory()
    loan = memory.take(MIB)
    place = address(loan)
    view = np.ndarray((16,), "<f4", loan, 64)[4:8]
    del loan
    gc.collect()
    assert memory.idle_bytes == 0
    assert address(memory.take(MIB)) != place
    held = memory.take(MIB)
    del view
    assert memory.idle_bytes >= MIB
    taken = {address(memory.take(MIB)) for _ in range(1)}
    assert address(held) not in taken


def test_a_view_keeps_its_values_whatever_is_lent_meanwhile() -> None:
    memory = BatchMemory()
    loan = memory.take(MIB)
    loan[:] = 7
    view: NDArray[np.uint32] = np.ndarray((4, MIB // 16), "<u4", loan)[1:3]
    del loan
    for _ in range(8):
        memory.take(MIB)[:] = 0
    assert view.tobytes() == bytes([7]) * (MIB // 2)


def test_what_is_kept_is_bounded() -> None:
    memory = BatchMemory(most_idle_bytes=2 * MIB)
    loans = [memory.take(MIB) for _ in range(5)]
    del loans
    assert memory.idle_bytes == 2 * MIB


def test_memory_of_about_the_size_is_used_and_no_larger() -> None:
    memory = BatchMemory()
    large, fitting = memory.take(4 * MIB), memory.take(MIB + 5)
    place = address(fitting)
    del large, fitting
    loan = memory.take(MIB)
    assert (address(loan), loan.nbytes) == (place, MIB)
    assert memory.take(MIB).nbytes == MIB
    assert memory.idle_bytes >= 4 * MIB


def test_memory_may_come_back_while_some_is_taken() -> None:
    memory = BatchMemory()

    def take_and_check(value: int) -> None:
        for _ in range(200):
            loan = memory.take(MIB // 8)
            loan[:] = value
            if not (loan == value).all():
                wrong.append(value)

    wrong: list[int] = []
    threads = [threading.Thread(target=take_and_check, args=(value,)) for value in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
