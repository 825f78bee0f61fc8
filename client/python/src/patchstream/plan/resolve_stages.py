"""The stages of a mode, with the defaults of a run spec."""

from collections.abc import Mapping

from patchstream.plan.curriculum.modes import ForegroundShare, Mode, plan_stages
from patchstream.plan.curriculum.rounding import Rounding
from patchstream.plan.curriculum.stage import NetworkPlan, Stage
from patchstream.plan.run_spec.mode_defaults import MODE_DEFAULTS
from patchstream.plan.run_spec.read_spec import read_network_plan


def resolve_stages(
    plan: NetworkPlan | Mapping[str, object],
    mode: Mode,
    *,
    epochs: int = 1000,
    foreground_fraction: ForegroundShare | None = None,
    budget_fraction: float = 1,
    rounding: Rounding = "floor",
) -> tuple[Stage, ...]:
    """The stages that a server makes of a network plan (`DatasetInfo.plan`) and a mode.

    What is left out is the spec's default; a foreground share of two numbers moves from the first to the last stage.
    Raises SPEC_INVALID when there are fewer epochs than stages, and for a plan that cannot be read.
    """
    share = MODE_DEFAULTS[mode].foreground_fraction if foreground_fraction is None else foreground_fraction
    return plan_stages(
        plan if isinstance(plan, NetworkPlan) else read_network_plan(plan, "plan"),
        mode,
        epochs=epochs,
        foreground_fraction=share,
        budget_fraction=budget_fraction,
        rounding=rounding,
    )
