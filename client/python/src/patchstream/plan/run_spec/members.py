"""The members of a JSON object, read by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from patchstream.errors import refuse
from patchstream.plan.run_spec.read import read_list, read_members

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a JSON object at `field` of a document."""

    members: Mapping[str, object]
    field: str

    def read(self, name: str, reader: Callable[[object, str], Value]) -> Value:
        """A member that must be there. Raises SPEC_INVALID where it is not."""
        if name in self.members:
            return reader(self.members[name], f"{self.field}.{name}")
        raise refuse(f"{self.field}.{name}", None, "given")

    def read_optional(self, name: str, reader: Callable[[object, str], Value]) -> Value | None:
        """A member, or None."""
        return self.read(name, reader) if name in self.members else None

    def read_list(self, name: str, reader: Callable[[object, str], Value]) -> tuple[Value, ...]:
        """A list that must be there."""
        return self.read(name, lambda value, field: read_list(value, field, reader))


def read_object(value: object, field: str) -> Members:
    """A JSON object."""
    return Members(read_members(value, field), field)
