"""What a server describes, as this room knows it."""

from functools import lru_cache
from typing import Protocol

from patchstream.plan.batch.case_table import CaseTable, DescribedDataset, case_table
from patchstream.plan.run_spec.read_spec import read_spec
from patchstream.plan.run_spec.resolved_spec import ResolvedSpec


class DescribedRun(Protocol):
    """A run as `DataClient.describe_run` describes it."""

    @property
    def spec_bytes(self) -> bytes:
        """The resolved spec, as JSON."""
        ...


def spec_of(run: ResolvedSpec | DescribedRun) -> ResolvedSpec:
    """The resolved spec of a run."""
    return run if isinstance(run, ResolvedSpec) else _read(run.spec_bytes)


def table_of(dataset: CaseTable | DescribedDataset) -> CaseTable:
    """The case table of a data set."""
    return dataset if isinstance(dataset, CaseTable) else case_table(dataset)


@lru_cache(maxsize=8)
def _read(spec: bytes) -> ResolvedSpec:
    """A spec that is asked for at every step is read once: it names every case."""
    return read_spec(spec)
