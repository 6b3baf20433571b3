"""What was held against which rule, and what breaks one."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True, order=True)
class Violation:
    """A value that breaks a rule."""

    rule: str
    """The kind of rule."""
    place: str
    """The resource's address, and where in it."""
    detail: str

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.detail}"


@dataclass
class Report:
    """Of one file, or of one run's calls."""

    checked: Counter[str] = field(default_factory=Counter)
    """How many values were held against each kind of rule."""
    violations: list[Violation] = field(default_factory=list)

    def hold(self, rule: str, place: str, is_kept: bool, detail: str) -> bool:
        """Notes that a value was held against a rule, and how that ended."""
        self.checked[rule] += 1
        if not is_kept:
            self.violations.append(Violation(rule, place, detail))
        return is_kept
