"""nnU-Net's splits."""

from collections.abc import Sequence

import numpy as np

from patchstream.plan.run_spec.resolved_spec import Split


def fold_split(subjects: Sequence[Sequence[str]], *, folds: int = 5, fold: int = 0, seed: int = 12345) -> Split:
    """One fold of scikit-learn's `KFold(folds, shuffle=True, random_state=seed)` over `subjects`.

    Subjects are lists of cases that stay together, at least as many as folds; they are ordered by their first case.
    With one case per subject this is nnU-Net's split.
    """
    ordered = [sorted(cases, key=_by_code_unit) for cases in subjects]
    ordered.sort(key=lambda cases: _by_code_unit(cases[0]))
    count = len(ordered)
    start = fold * (count // folds) + min(fold, count % folds)
    end = start + count // folds + (1 if fold < count % folds else 0)
    indices = np.arange(count)
    np.random.RandomState(seed).shuffle(indices)
    held_out = set(indices[start:end].tolist())

    def cases_where(held: bool) -> tuple[str, ...]:
        chosen = [case for index, cases in enumerate(ordered) if (index in held_out) is held for case in cases]
        return tuple(sorted(chosen, key=_by_code_unit))

    return Split(train=cases_where(False), val=cases_where(True))


def _by_code_unit(name: str) -> bytes:
    """Order of names: by UTF-16 code unit."""
    return name.encode("utf-16-be", "surrogatepass")
