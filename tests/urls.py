"""Every URL pattern of the portal, for all tests that go through the addresses."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from django.apps import apps
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

# A parameter that is written as a group of an expression, or with a converter.
PARAMETERS = re.compile(r"\(\?P<(\w+)>(?:[^()\[\]]|\[[^\]]*\])*\)"), re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Pattern:
    """`name` begins with its namespaces; `route` has the parameters in it."""

    name: str
    route: str
    parameters: tuple
    view: Callable = field(compare=False)

    def __str__(self):
        return self.name if not self.name.endswith(":") else self.route

    @property
    def row(self):
        """What the matrix calls it: pages of admin by their route, all others by name."""
        return self.route if self.name.startswith("admin:") else self.name

    @property
    def model(self):
        """The label of the model that a page of admin is about, or ""."""
        found = re.match(r"admin/(\w+)/(\w+)/", self.route)
        return f"{found[1]}.{found[2]}" if found and found[1] in apps.app_configs else ""

    def address(self, values):
        """The path with `values` in the place of its parameters."""
        route = self.route.replace("^", "").replace("$", "")
        for parameter in PARAMETERS:
            route = parameter.sub(lambda found: str(values[found[1]]), route)
        return f"/{route}"


def _walk(resolver, namespaces=(), route="", parameters=()):
    for pattern in resolver.url_patterns:
        below = route + str(pattern.pattern)
        asked = (*parameters, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = [*namespaces, pattern.namespace] if pattern.namespace else namespaces
            yield from _walk(pattern, inner, below, asked)
        else:
            name = ":".join([*namespaces, pattern.name or ""])
            yield Pattern(name, below, asked, pattern.callback)


PATTERNS = list(_walk(get_resolver()))
# Of two patterns of one name, the first is the one that answers.
BY_ROW = {pattern.row: pattern for pattern in reversed(PATTERNS)}
