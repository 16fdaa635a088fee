"""No data reaches a widget as a string, where brackets in a name would be taken for markup.

A reader of the source, not of its types: it follows literals, f-strings, calls, names and
attributes as far as the package's own annotations say `str`. What it cannot judge it lets pass.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "toktui"

WIDGETS = {
    "Button", "Checkbox", "Collapsible", "Label", "Link", "ListItem", "Markdown", "Option", "Panel",
    "RadioButton", "Selection", "Static", "Tab", "TabPane", "Toast", "Tooltip",
}  # fmt: skip
METHODS = {
    "add_column", "add_columns", "add_leaf", "add_option", "add_options", "add_row",
    "add_rows", "add_tab", "notify", "replace_option_prompt", "set_label", "update", "update_cell",
    "update_cell_at", "write",
}  # fmt: skip
TREE_NODES = ("branch", "node", "root", "tree")
"""How a variable is called on which `add` adds a node with a label; elsewhere it is a set's."""
KEYWORDS = {"content", "label", "message", "prompt", "renderable", "text", "title", "tooltip"}
ATTRIBUTES = {
    "border_subtitle", "border_title", "content", "label", "placeholder", "prompt", "sub_title",
    "title", "tooltip",
}  # fmt: skip
PARSERS = {"from_markup", "from_text", "render_markup", "to_content"}
"""Make `Content` or `Text` of a string with markup: the string has to be a literal of ours."""


@dataclass(frozen=True)
class Annotated:
    """What the package's annotations say is a `str`."""

    attributes: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)


def is_str(annotation: ast.expr | None) -> bool:
    """Whether a value so annotated can be a str."""
    if annotation is None:
        return False
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    containers = isinstance(annotation, ast.Subscript)
    return "str" in names and not containers and not {"Content", "Text"} & names


@cache
def annotated() -> Annotated:
    found = Annotated()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef):
                found.attributes.update(
                    line.target.id
                    for line in node.body
                    if isinstance(line, ast.AnnAssign)
                    and isinstance(line.target, ast.Name)
                    and is_str(line.annotation)
                )
            elif isinstance(node, ast.FunctionDef) and is_str(node.returns):
                found.functions.add(node.name)
    return found


class Finder(ast.NodeVisitor):
    """Collects the lines on which data goes into a widget as a string."""

    def __init__(self, known: Annotated) -> None:
        self.lines: set[int] = set()
        self._known = known
        self._strings: list[set[str]] = [set()]
        """Names that hold strings made of data, in each function around the place."""

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        self._strings.append({each.arg for each in arguments if is_str(each.annotation)})
        self.generic_visit(node)
        self._strings.pop()

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assigned(target, node.value)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._assigned(node.target, node.value)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assigned(node.target, node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = name_of(node.func)
        if (name in WIDGETS or is_showing(node.func)) and not takes_no_markup(node):
            shown = [*node.args, *(k.value for k in node.keywords if k.arg in KEYWORDS)]
            self._refuse_strings(shown, node)
        elif name in PARSERS and not takes_no_markup(node):
            self._refuse_strings(node.args[:1], node)
        self.generic_visit(node)

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            if self._is_data(value):
                self._strings[-1].add(target.id)
            else:
                self._strings[-1].discard(target.id)
        elif isinstance(target, ast.Attribute) and target.attr in ATTRIBUTES:
            self._refuse_strings([value], target)

    def _refuse_strings(self, values: list[ast.expr], place: ast.expr) -> None:
        if any(map(self._is_data, values)):
            self.lines.add(place.lineno)

    def _is_data(self, value: ast.expr) -> bool:
        """Whether `value` is, or holds, a string that is not written here in full."""
        match value:
            case ast.JoinedStr():
                return any(isinstance(part, ast.FormattedValue) for part in value.values)
            case ast.Name():
                return any(value.id in names for names in self._strings)
            case ast.Attribute():
                return value.attr in self._known.attributes
            case ast.Call():
                return self._returns_str(value)
            case ast.BinOp(op=ast.Add() | ast.Mod()):
                mixed = [value.left, value.right]
                literal = any(
                    isinstance(e, ast.Constant) and isinstance(e.value, str) for e in mixed
                )
                both = all(isinstance(e, ast.Constant) for e in mixed)
                return (literal and not both) or any(map(self._is_data, mixed))
            case ast.IfExp():
                return self._is_data(value.body) or self._is_data(value.orelse)
            case ast.BoolOp():
                return any(map(self._is_data, value.values))
            case ast.Tuple() | ast.List() | ast.Set():
                return any(map(self._is_data, value.elts))
            case ast.Starred() | ast.Await() | ast.NamedExpr() | ast.Subscript():
                return self._is_data(value.value)
            case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
                return self._is_data(value.elt)
            case _:
                return False

    def _returns_str(self, call: ast.Call) -> bool:
        name = name_of(call.func)
        if name in ("str", "repr", "format", "ascii", "clean"):
            return True
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Constant):
            return isinstance(call.func.value.value, str) and name in ("format", "join")
        return name in self._known.functions


def name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def is_showing(function: ast.expr) -> bool:
    """Whether `function` is a method that shows what it is given."""
    if not isinstance(function, ast.Attribute):
        return False
    if function.attr == "add":
        return name_of(function.value).lower().endswith(TREE_NODES)
    return function.attr in METHODS


def takes_no_markup(call: ast.Call) -> bool:
    return any(
        keyword.arg == "markup"
        and isinstance(keyword.value, ast.Constant)
        and not keyword.value.value
        for keyword in call.keywords
    )


def found_in(source: str, known: Annotated) -> set[int]:
    finder = Finder(known)
    finder.visit(ast.parse(source))
    return finder.lines


def modules() -> list[Path]:
    return sorted((PACKAGE / "tui").rglob("*.py"))


def test_there_are_screens_to_look_at():
    assert modules()


def test_no_string_of_data_reaches_a_widget():
    found = [
        f"{path.relative_to(PACKAGE.parent)}:{line}"
        for path in modules()
        for line in sorted(found_in(path.read_text(), annotated()))
    ]
    assert found == [], "wrap it in Content(...) or Text(...)"


KNOWN = Annotated(attributes={"project"}, functions={"dollars"})


@pytest.mark.parametrize(
    "source",
    [
        'Static(f"{row}")',
        'Label("Cost: " + cost)',
        'Label("Cost: %s" % cost)',
        'Label("Cost: {}".format(cost))',
        'Label(", ".join(models))',
        "Label(str(count))",
        "Label(session.project)",
        "Label(dollars(cost))",
        "Label(format.dollars(cost))",
        "Button(label=session.project)",
        "self.update(session.project or '-')",
        "self.update('-' if gone else session.project)",
        "table.add_row('a', session.project)",
        "table.add_row(*[row.project for row in rows])",
        "table.add_row(*(row.project for row in rows))",
        "self.notify(f'{name} is gone')",
        "root.add(session.project)",
        "self.tree.root.add_leaf(session.project)",
        "self.notify('gone', title=session.project)",
        "self.border_title = session.project",
        "self.border_title = self.tooltip = f'{n}'",
        "Content.from_markup(f'[b]{name}')",
        "Text.from_markup(session.project)",
        "Content.from_text(session.project)",
        "text = f'{name}'\nLabel(text)",
        "text = 'a'\ntext += f'{name}'\nLabel(text)",
        "def show(self, name: str) -> None:\n    self.update(name)",
        "def show(self, name: str | None) -> None:\n    self.update(name or '-')",
        "async def show(name: str) -> None:\n    yield Static(name)",
        "def outer(name: str):\n    def inner():\n        Label(name)",
    ],
)
def test_a_string_of_data_is_found(source: str):
    assert found_in(source, KNOWN) != set()


@pytest.mark.parametrize(
    "source",
    [
        'Static("[b]toktui[/b]")',
        'Static("a" "b", id=f"row-{n}", classes=session.project)',
        "Static(Content(session.project))",
        "Label(Text(f'{name}'))",
        "Label(Content.from_markup('[b]$name', name=session.project))",
        "Label(Content.from_text(session.project, markup=False))",
        "self.notify(f'{name} is gone', markup=False)",
        "self.border_title = Content(session.project)",
        "self.border_title = 'Sessions'",
        "seen.add(session.project)",
        "line.add(session.project, style)",
        "def show(self, name: Content | str) -> None:\n    self.update(name)",
        "def show(self, rows: dict[str, int]) -> None:\n    self.update(rows)",
        "text = f'{name}'\ntext = Content(text)\nLabel(text)",
        "def a(name: str) -> None: ...\ndef b(name: Content) -> None:\n    Label(name)",
    ],
)
def test_what_is_harmless_is_let_pass(source: str):
    assert found_in(source, KNOWN) == set()
