"""Finds the guards of our source and lets each be taken away while the portal runs.

A guard is a place in the code that keeps somebody from something. They are found by their shape,
so that a new one is taken along: see the methods of `Finder`. This module is a plugin of pytest,
and changes the source of each module while it is imported: a guard `expression` becomes
`without if taken(7) else expression`.
"""

import ast
import builtins
import copy
import functools
import importlib
import pkgutil
import re
import sys
from dataclasses import dataclass
from importlib.machinery import PathFinder, SourceFileLoader

from django.core import signing
from django.db.models import Q

OURS = ("portal", "accounts", "cases", "scheduling")
# Where nobody asks for anything through a page, or all that is asked is whether a value is one.
ELSEWHERE = re.compile(
    r"\.(tests|migrations|management|demo|settings|environment|logs|work|filetypes|progress"
    r"|opening|periodic|tasks|lab_queue|outbox|storage|s3|backup|restoring|intake)(\.|$)"
)
ABOUT_PEOPLE = re.compile(r"user|practice|owner|member|planner|grant|number|token|script|session")
DECORATORS = re.compile(r"require_(safe|POST|GET|http_methods)|admin_view|_\w+_only|speaks_tus")
PREDICATES = re.compile(
    r"_?(can_(?!be_)|may_(?!move)|sees_|owns_)\w+|_is_(member|free_for)|has_\w+_permission"
)
CALLED = re.compile(
    r"_?(can_|may_(?!move)|sees_)\w+|_is_(member|free_for)|has_\w*perm\w*|owns_a_practice"
    r"|url_has_allowed_host_and_scheme|constant_time_compare|compare_digest"
)
SETS = {"visible_to", "open_to", "acceptable", "unsent"}
ASKS = {"filter", "exclude", "get", "get_object_or_404"}
OWNERSHIP = re.compile(
    r"user|practice|uploaded_by|case|case__number|user__practice|planner|is_active"
    r"|practice__is_active|expires_at__gt|until__gt|is_staff"
)
REFUSALS = {"PermissionDenied", "Http404"}
REFUSING = re.compile(r"redirect_to_login|_?refuse\w*|logout|bad_request|_keep\w*_and_sign_in|none")
STATUSES = {401, 403, 404}


@dataclass(frozen=True)
class Guard:
    number: int
    module: str
    # Of the function it stands in.
    place: str
    line: int
    kind: str
    text: str

    @property
    def key(self):
        """What it is called by, whatever is written above it."""
        return f"{self.place}: {self.text}"

    def __str__(self):
        return f"{self.module.replace('.', '/')}.py:{self.line}: {self.kind}: {self.text}"


found = []
taken = set()
reached = set()


def is_taken(number):
    reached.add(number)
    return number in taken


def decorator(number, guarding):
    """A decorator, or a function that wraps views as one does, that can be taken away."""

    def decorate(view, *args, **kwargs):
        guarded = guarding(view, *args, **kwargs)

        @functools.wraps(guarded)
        def answer(*args, **kwargs):
            return (view if is_taken(number) else guarded)(*args, **kwargs)

        return answer

    return decorate


class Permissions(list):
    """The rights that an action of admin asks for: when taken away, one that everybody has."""

    def __init__(self, number, names):
        super().__init__(names)
        self.number = number

    def __iter__(self):
        return iter(["module"]) if is_taken(self.number) else super().__iter__()


def unsigned(signed, **_):
    """What `signing.loads` gives, whoever signed it."""
    text = signed.rsplit(":", 2)[0]
    return signing.JSONSerializer().loads(signing.b64_decode(text.encode()))


def anything():
    return Q()


def everything(queryset):
    return queryset.model._default_manager.all()


def install():
    """Change the source of our modules when they are imported, so none may be there yet."""
    assert not any(name.partition(".")[0] in OURS for name in sys.modules)
    tools = [is_taken, decorator, Permissions, unsigned, anything, everything]
    for tool in tools:
        setattr(builtins, f"_matrix_{tool.__name__}", tool)
    sys.meta_path.insert(0, Changing)


def import_all():
    """Import each module that may have guards, also those of templates and middleware."""
    for app in OURS:
        for module in pkgutil.walk_packages([app], f"{app}."):
            if not ELSEWHERE.search(module.name):
                importlib.import_module(module.name)


class Changing(PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname.partition(".")[0] not in OURS or ELSEWHERE.search(fullname):
            return None
        spec = super().find_spec(fullname, path, target)
        if spec and isinstance(spec.loader, SourceFileLoader):
            spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec


class Loader(SourceFileLoader):
    def get_code(self, fullname):
        tree = ast.parse(self.get_source(fullname))
        tree = Finder(fullname).visit(tree)
        return compile(ast.fix_missing_locations(tree), self.path, "exec", dont_inherit=True)


def name_of(node):
    """`filter` for `rows.filter`, `policies.can_x` and calls of them; "" for what has no name."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def tool(name, *args):
    return ast.Call(ast.Name(f"_matrix_{name}", ast.Load()), list(args), [])


class Finder(ast.NodeTransformer):
    def __init__(self, module):
        self.module = module
        self.functions = []
        self.places = []

    def _guard(self, node, kind):
        text = ast.unparse(node)
        text = text if len(text) < 100 else f"{text[:97]}…"
        place = ".".join([self.module, *self.places])
        guard = Guard(len(found), self.module, place, node.lineno, kind, text)
        found.append(guard)
        return ast.Constant(guard.number)

    def _unless(self, node, kind, without, changed=None):
        """`without if taken(…) else node`."""
        number = self._guard(node, kind)
        test = tool("is_taken", number)
        return ast.copy_location(ast.IfExp(test, without, changed or node), node)

    # Functions that say who may, or which rows somebody sees

    def visit_ClassDef(self, node):
        self.places.append(node.name)
        node = self.generic_visit(node)
        self.places.pop()
        return node

    def visit_FunctionDef(self, node):
        self.functions.append(node.name)
        self.places.append(node.name)
        node.decorator_list = [self._decorator(each) for each in node.decorator_list]
        node.body = [self.visit(statement) for statement in node.body]
        self.functions.pop()
        self.places.pop()
        return node

    def _decorator(self, node):
        if DECORATORS.fullmatch(name_of(node)):
            return tool("decorator", self._guard(node, "decorator"), node)
        return self.visit(node)

    @property
    def _in_predicate(self):
        is_policy = self.module.endswith(".policies")
        return bool(self.functions) and (is_policy or PREDICATES.fullmatch(self.functions[-1]))

    def visit_Return(self, node):
        if node.value is None or not self._in_predicate:
            return self.generic_visit(node)
        original = copy.deepcopy(node.value)
        changed = self._each_operand(node.value, ast.And, True, "part of a predicate")
        node.value = self._unless(original, "predicate", ast.Constant(True), changed)
        return node

    def _each_operand(self, node, operator, without, kind):
        """Each operand of `and` or `or` is a guard of its own."""
        if not (isinstance(node, ast.BoolOp) and isinstance(node.op, operator)):
            return self.visit(node)
        node.values = [
            self._unless(copy.deepcopy(each), kind, ast.Constant(without), self.visit(each))
            for each in node.values
        ]
        return node

    # Refusals

    def visit_If(self, node):
        if self._refuses(node.body) or "is_authenticated" in ast.unparse(node.test):
            original = copy.deepcopy(node.test)
            changed = self._each_operand(node.test, ast.Or, False, "part of a refusal")
            node.test = self._unless(original, "refusal", ast.Constant(False), changed)
        else:
            node.test = self.visit(node.test)
        node.body = [self.visit(each) for each in node.body]
        node.orelse = [self.visit(each) for each in node.orelse]
        return node

    def visit_IfExp(self, node):
        says_nothing = isinstance(node.orelse, ast.Constant) and node.orelse.value is None
        says_nothing = says_nothing or name_of(node.orelse) in {"none", "redirect_to_login"}
        if not (says_nothing and ABOUT_PEOPLE.search(ast.unparse(node.test))):
            return self.generic_visit(node)
        original = copy.deepcopy(node.test)
        node.test = self._each_operand(node.test, ast.And, True, "part of a condition")
        if not isinstance(original, ast.BoolOp):
            node.test = self._unless(original, "condition", ast.Constant(True), node.test)
        node.body, node.orelse = self.visit(node.body), self.visit(node.orelse)
        return node

    @staticmethod
    def _refuses(body):
        last = body[-1]
        if isinstance(last, ast.Raise) and last.exc is not None:
            name = name_of(last.exc)
            status = last.exc.args[:1] if isinstance(last.exc, ast.Call) else []
            of_tus = name == "Refused" and getattr(status[0], "value", 0) in STATUSES
            return name in REFUSALS or of_tus
        calls = [each for each in ast.walk(last) if isinstance(each, ast.Call)]
        statuses = {
            getattr(keyword.value, "value", 0)
            for call in calls
            for keyword in call.keywords
            if keyword.arg == "status"
        }
        if statuses & STATUSES:
            return True
        return any(
            REFUSING.fullmatch(name_of(call))
            for statement in body
            for call in ast.walk(statement)
            if isinstance(call, ast.Call)
        )

    # Calls

    def visit_Call(self, node):
        name = name_of(node.func)
        original = copy.deepcopy(node)
        if name == "visible_to" and isinstance(node.func, ast.Attribute):
            rows = ast.Call(
                ast.Attribute(copy.deepcopy(node.func.value), "all", ast.Load()), [], []
            )
            return self._unless(original, "rows that somebody sees", rows, self.generic_visit(node))
        if name == "loads" and ast.unparse(node.func) == "signing.loads":
            without = tool("unsigned", *copy.deepcopy(node.args))
            return self._unless(original, "signature", without, self.generic_visit(node))
        if CALLED.fullmatch(name):
            changed = self.generic_visit(node)
            return self._unless(original, "check", ast.Constant(True), changed)
        if isinstance(node.func, ast.Name | ast.Attribute) and DECORATORS.fullmatch(name):
            # require_http_methods(…) gives the decorator, the others are one.
            number = self._guard(original, "wrapper")
            node = self.generic_visit(node)
            if name == "require_http_methods":
                return tool("decorator", number, node)
            node.func = tool("decorator", number, node.func)
            return node
        node = self.generic_visit(node)
        if name in ASKS:
            self._keywords(node, original)
        node.keywords = [self._choices(name, keyword) for keyword in node.keywords]
        return node

    def _keywords(self, call, original):
        """What a query asks for of whose a row is: each keyword is a guard."""
        in_set = bool(self.functions) and self.functions[-1] in SETS
        for keyword, shown in zip(call.keywords, original.keywords, strict=True):
            if keyword.arg and (in_set or OWNERSHIP.fullmatch(keyword.arg)):
                number = self._guard(_shown(original, [], [shown]), "part of a query")
                pair = ast.Dict([ast.Constant(keyword.arg)], [keyword.value])
                keyword.value = ast.IfExp(tool("is_taken", number), ast.Dict([], []), pair)
                keyword.arg = None
        if in_set and name_of(call) == "filter":
            pairs = zip(call.args, original.args, strict=True)
            call.args = [self._argument(each, shown, original) for each, shown in pairs]

    def _argument(self, argument, shown, call):
        number = self._guard(_shown(call, [shown], []), "part of a query")
        return ast.IfExp(tool("is_taken", number), tool("anything"), argument)

    def _choices(self, name, keyword):
        if keyword.arg == "queryset" and name != "Prefetch":
            keyword.value = self._all_rows(keyword.value, keyword.value)
        elif keyword.arg == "permissions":
            number = self._guard(keyword.value, "rights of an action")
            keyword.value = tool("Permissions", number, keyword.value)
        return keyword

    def _all_rows(self, value, original):
        without = tool("everything", copy.deepcopy(value))
        return self._unless(original, "choices", without, value)

    def visit_Assign(self, node):
        target, original = node.targets[0], copy.deepcopy(node.value)
        is_attribute = isinstance(target, ast.Attribute) and target.attr == "queryset"
        is_item = isinstance(target, ast.Subscript) and ast.unparse(target.slice) == "'queryset'"
        node = self.generic_visit(node)
        if is_attribute or is_item:
            node.value = self._all_rows(node.value, original)
        return node


def _shown(call, args, keywords):
    """A query with one of its arguments, as it stands in the source."""
    shown = ast.Call(ast.Name(name_of(call)), args, keywords)
    return ast.copy_location(shown, call)


install()
