"""Rules about ways around a table's permissions: views and functions that read it themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rowgate.base.json import Json
from rowgate.base.names import QualifiedName
from rowgate.catalog.types import Function, FunctionReach, Reach
from rowgate.metadata.layout import qualified
from rowgate.metadata.lint.expressions import held
from rowgate.metadata.lint.grants import Grant, all_grants, columns_of, entries, tables
from rowgate.metadata.lint.types import Finding, Path, Rule, Severity, Subject

VIEW = Rule(
    "view-bypass",
    Severity.WARNING,
    "A role reads through a view what it may not read in the table behind it.",
    "The permissions of tables are not asked when a view reads them: rows that are filtered there, "
    "and columns that are missing there, are open through the view.",
    "Filter the view as its table is filtered, name fewer columns, or allow it with a comment "
    "where the view is there to open them: `# lint: allow view-bypass (why)`.",
)
FUNCTION = Rule(
    "function-bypass",
    Severity.WARNING,
    "A role gets from a function what it may not read in the table that the function reads.",
    "Only the rows that a function returns are filtered, as rows of the table that it returns; "
    "the permissions of the tables that it reads to make them are not asked.",
    "Let the function return rows of the table that it reads, take the session as an argument and "
    "filter by it there, or allow it with a comment: `# lint: allow function-bypass (why)`.",
)
DEFINER = Rule(
    "definer-function",
    Severity.WARNING,
    "A role calls a function that has its owner's rights.",
    "SECURITY DEFINER lifts the grants and row policies that bind the engine's own database role; "
    "without a search_path of its own, whoever may create objects decides what its names mean.",
    "Use SECURITY INVOKER, or `set search_path = …` for the function and allow it with a comment: "
    "`# lint: allow definer-function (why)`.",
)
RULES = (VIEW, FUNCTION, DEFINER)


@dataclass(frozen=True, slots=True)
class _Use:
    """A function that a role has the use of: of which table its rows are, by which filter they are
    picked, and where that is declared."""

    function: QualifiedName
    role: str
    returns: QualifiedName | None
    filter: Json
    path: Path
    entry: Path


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of all rules of this module; none of sources whose databases are not known."""
    for name, reached in subject.reaches.items():
        source = _Source(subject, name, reached)
        yield from source.views()
        yield from source.functions()


class _Source:
    """One source's tables and grants, against what its views and functions reach."""

    def __init__(self, subject: Subject, name: str, reached: Reach) -> None:
        self._subject = subject
        self._name = name
        self._reach = reached
        self._tables = {one.name: one for one in tables(subject) if one.source == name}
        self._grants: dict[QualifiedName, list[Grant]] = {}
        for one in all_grants(subject):
            if one.table.source == name and one.kind == "select":
                self._grants.setdefault(one.table.name, []).append(one)

    def views(self) -> Iterator[Finding]:
        for view, bases in self._reach.views.items():
            for grant in self._grants.get(view, ()):
                for base, columns in sorted(bases.items()):
                    yield from self._through(grant, base, columns)

    def _through(
        self, grant: Grant, base: QualifiedName, columns: frozenset[str]
    ) -> Iterator[Finding]:
        why = self._hidden(grant.role, base, grant.permission.get("filter"))
        if why:
            yield self._of_view(grant, f"{base}, {why}")
        elif shown := self._shown(grant, base, columns):
            yield self._of_view(grant, f"{base}, of which it may not read {shown}")

    def _of_view(self, grant: Grant, what: str) -> Finding:
        return Finding(VIEW, grant.at(), f"{grant.words} reads {what}.", grant.path)

    def functions(self) -> Iterator[Finding]:
        for use in (*self._tracked(), *self._computed()):
            reached = self._reach.functions.get(use.function)
            if reached is not None:
                yield from self._of_function(use, reached)

    def _of_function(self, use: _Use, reached: FunctionReach) -> Iterator[Finding]:
        words = f"role '{use.role}' has the use of {use.function}"
        if reached.definer:
            text = "its owner's rights" + ("" if reached.has_path else " and no search_path")
            yield Finding(DEFINER, use.path, f"{words}, which has {text}.", use.entry)
        for base in sorted(reached.reads - {use.returns}):
            why = self._hidden(use.role, base, use.filter)
            if why:
                message = f"{words}, which reads {base}, {why}."
                yield Finding(FUNCTION, use.path, message, use.entry)

    def _hidden(self, role: str, base: QualifiedName, own: Json) -> str:
        """Why rows of `base` are not all for `role`, `own` being the filter that it sees them
        through; empty where they are, or nothing says whose they are."""
        if base not in self._tables:
            return ""
        granted = self._granted(role, base)
        if not granted:
            return "on which it has no select permission"
        if all(_narrows(one.permission.get("filter"), own) for one in granted):
            return "whose rows are filtered for it"
        return ""

    def _shown(self, grant: Grant, base: QualifiedName, used: frozenset[str]) -> str:
        """Columns of the view that stand for columns of `base` that the role may not read."""
        granted = self._granted(grant.role, base)
        if not granted or any(one.names_every_column for one in granted):
            return ""
        allowed = {column for one in granted for column in one.columns}
        view = columns_of(self._subject, grant.table) if grant.names_every_column else grant.columns
        return ", ".join(f"'{one}'" for one in view if one in used and one not in allowed)

    def _granted(self, role: str, table: QualifiedName) -> list[Grant]:
        """The role's own select permission, else those of the roles that it inherits."""
        of_table = self._grants.get(table, [])
        own = [one for one in of_table if one.role == role]
        parents = self._parents(role)
        return own or [one for one in of_table if one.role in parents]

    def _parents(self, role: str) -> set[str]:
        found: set[str] = set()
        waiting = [role]
        sets = {
            str(one.get("role_name")): one.get("role_set")
            for _, one in entries(self._subject.document, "inherited_roles")
        }
        while waiting:
            parents = sets.get(waiting.pop())
            fresh = set(map(str, parents if isinstance(parents, list) else ())) - found
            found |= fresh
            waiting += fresh
        return found

    def _tracked(self) -> Iterator[_Use]:
        """Tracked functions by the roles that may call them."""
        for number, source in entries(self._subject.document, "sources"):
            if source.get("name") != self._name:
                continue
            for index, entry in entries(source, "functions"):
                path = ("sources", number, "functions", index)
                yield from self._callers(entry, path)

    def _callers(self, entry: Mapping[str, Json], path: Path) -> Iterator[_Use]:
        name = QualifiedName(*qualified(entry.get("function")))
        known = self._known(name)
        returns = known.returns_table if known else None
        readers = self._grants.get(returns, ()) if returns else ()
        filters = {one.role: one.permission.get("filter") for one in readers}
        named = {str(one.get("role")) for _, one in entries(dict(entry), "permissions")}
        inferred = set(filters) if known and known.volatility != "volatile" else set()
        for role in sorted(named | inferred):
            yield _Use(name, role, returns, filters.get(role), (*path, "function"), path)

    def _computed(self) -> Iterator[_Use]:
        """Computed fields by the roles that may read them."""
        for grant in (one for grants in self._grants.values() for one in grants):
            names = grant.permission.get("computed_fields")
            declared = {
                str(one.get("name")): one.get("definition")
                for _, one in entries(grant.table.entry, "computed_fields")
            }
            for index, name in enumerate(names if isinstance(names, list) else ()):
                definition = declared.get(str(name))
                if not isinstance(definition, dict):
                    continue
                function = QualifiedName(*qualified(definition.get("function")))
                known = self._known(function)
                returns = known.returns_table if known else None
                path = grant.at("computed_fields", index)
                yield _Use(
                    function, grant.role, returns, self._of(grant, returns), path, grant.path
                )

    def _of(self, grant: Grant, table: QualifiedName | None) -> Json:
        """The filter by which the role sees the rows of `table`."""
        granted = self._granted(grant.role, table) if table else []
        return granted[0].permission.get("filter") if granted else None

    def _known(self, name: QualifiedName) -> Function | None:
        catalog = self._subject.catalogs.get(self._name)
        overloads = catalog.functions.get(name, ()) if catalog else ()
        return overloads[0] if overloads else None


def _narrows(of_table: Json, own: Json) -> bool:
    """Whether a table's filter keeps rows away that `own` does not."""
    if not of_table or of_table == own:
        return False
    anchors = held(of_table)
    return not anchors or not anchors <= held(own)
