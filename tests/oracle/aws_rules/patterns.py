"""Whether two patterns have a text in common: a policy's resource, and the form of the resources that an action has."""

import re
from functools import cache

VARIABLE = re.compile(r"(\$\{\w+\})")
ANYTHING, NO_SLASH = "${…}", "${…} without a slash"


@cache
def overlap(resource: str, form: str) -> bool:
    """`resource` has `*` and `?`; `form` has variables like `${BucketName}`, or is `*`."""
    right = parts(form)

    @cache
    def meet(left_at: int, right_at: int) -> bool:
        if left_at == len(resource):
            return all(part in (ANYTHING, NO_SLASH) for part in right[right_at:])
        if right_at == len(right):
            return not resource[left_at:].strip("*")
        left, part = resource[left_at], right[right_at]
        if left == "*":
            return meet(left_at + 1, right_at) or meet(left_at, right_at + 1)
        if part in (ANYTHING, NO_SLASH):
            swallows = part == ANYTHING or left != "/"
            return meet(left_at, right_at + 1) or (swallows and meet(left_at + 1, right_at))
        return left in (part, "?") and meet(left_at + 1, right_at + 1)

    return meet(0, 0)


def parts(form: str) -> list[str]:
    """Single characters and variables. A bucket's name has no slash, an object's may."""
    found: list[str] = []
    for piece in VARIABLE.split(form):
        if VARIABLE.fullmatch(piece):
            found.append(NO_SLASH if piece == "${BucketName}" else ANYTHING)
        else:
            found += piece
    return found


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` covers a text, by IAM's rules for the names of actions: case does not count."""
    expression = ".*".join(map(re.escape, pattern.split("*")))
    return re.fullmatch(expression, text, re.IGNORECASE) is not None
