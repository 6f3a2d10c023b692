"""Rules about whose a row is: made, changed and read by those whom it belongs to."""

from collections.abc import Iterator

from rowgate.metadata.lint.expressions import ColumnPath, held, is_session_variable
from rowgate.metadata.lint.grants import Grant, Table, grants, own_columns, tables
from rowgate.metadata.lint.types import Finding, Rule, Severity, Subject

INSERT = Rule(
    "insert-without-check",
    Severity.ERROR,
    "An insert leaves it to the client whose the new row is.",
    "Other permissions of the table decide by this column who may see or change a row; whoever "
    "writes it freely makes rows in the name of others.",
    "Set the column from the session (`set: {column: X-Hasura-User-Id}`) and take it out of "
    "`columns`, or hold it in `check`.",
)
NOT_PRESET = Rule(
    "owner-not-preset",
    Severity.WARNING,
    "An insert sets no owner, although the role's other permissions go by one.",
    "The row stands there without an owner: the role that made it cannot see or change it.",
    "Set the column from the session: `set: {column: X-Hasura-User-Id}`.",
)
UPDATE = Rule(
    "update-changes-owner",
    Severity.ERROR,
    "An update may give a row away, or move it to another tenant.",
    "The filter says whose rows may be changed, not what they may become; without a check the "
    "role writes the very column that the filter goes by.",
    "Repeat the filter's condition in `check`, or take the column out of `columns`.",
)
OPEN_CHANGE = Rule(
    "open-change",
    Severity.ERROR,
    "An update or delete reaches the rows of everybody.",
    "An empty filter lets the role change every row of the table.",
    "Filter by the owner: `filter: {column: {_eq: X-Hasura-User-Id}}`; where the role may change "
    "all rows, say so in a comment: `# lint: allow open-change (why)`.",
)
OPEN_READ = Rule(
    "open-read",
    Severity.WARNING,
    "A select reaches the rows of everybody.",
    "The table has an owner column, and an empty filter shows every row to the role.",
    "Filter by the owner; where all may read all, say so in a comment: "
    "`# lint: allow open-read (why)`.",
)
RULES = (INSERT, NOT_PRESET, UPDATE, OPEN_CHANGE, OPEN_READ)


def check(subject: Subject) -> Iterator[Finding]:
    """Findings of all rules of this module."""
    for table in tables(subject):
        every = tuple(grants(table))
        owners = sorted(frozenset().union(*(_anchors(grant) for grant in every)))
        for grant in every:
            yield from _check(grant, every, owners)


def _check(grant: Grant, every: tuple[Grant, ...], owners: list[ColumnPath]) -> Iterator[Finding]:
    match grant.kind:
        case "insert":
            yield from _inserts(grant, every, owners)
        case "update":
            yield from _updates(grant)
            yield from _open(grant, owners, OPEN_CHANGE)
        case "delete":
            yield from _open(grant, owners, OPEN_CHANGE)
        case "select":
            yield from _open(grant, owners, OPEN_READ)


def _anchors(grant: Grant) -> frozenset[ColumnPath]:
    """The columns that a grant holds to the session: by a condition, or by setting them."""
    by_condition = held(grant.permission.get("filter")) | held(grant.permission.get("check"))
    preset = {(name,) for name, value in grant.presets.items() if is_session_variable(value)}
    return by_condition | preset


def _inserts(grant: Grant, every: tuple[Grant, ...], owners: list[ColumnPath]) -> Iterator[Finding]:
    sure = _anchors(grant)
    own = frozenset().union(*(_anchors(one) for one in every if one.role == grant.role))
    for path in owners:
        if path in sure or path[0] in grant.presets:
            continue
        if _writes(grant, path):
            message = f"{grant.words} inserts rows with any '{'.'.join(path)}'."
            yield Finding(INSERT, grant.at("check"), message, grant.path)
        elif path in own and len(path) == 1:
            message = f"{grant.words} inserts rows without '{path[0]}', which it is filtered by."
            yield Finding(NOT_PRESET, grant.at("columns"), message, grant.path)


def _updates(grant: Grant) -> Iterator[Finding]:
    after = held(grant.permission.get("check"))
    for path in sorted(held(grant.permission.get("filter")) - after):
        if _writes(grant, path) and path[0] not in grant.presets:
            message = f"{grant.words} may change '{'.'.join(path)}', which decides whose row it is."
            yield Finding(UPDATE, grant.at("columns"), message, grant.path)


def _writes(grant: Grant, path: ColumnPath) -> bool:
    """Whether a role chooses what stands at `path`: the column, or which row is related."""
    keys = _keys(grant.table, path)
    if not keys:
        return False
    return grant.names_every_column or bool(keys & set(grant.columns))


def _keys(table: Table, path: ColumnPath) -> frozenset[str]:
    if len(path) == 1:
        return frozenset(path)
    relationship = table.relationship(path[0])
    return frozenset(own_columns(relationship.get("using")) or () if relationship else ())


def _open(grant: Grant, owners: list[ColumnPath], rule: Rule) -> Iterator[Finding]:
    direct = [path[0] for path in owners if len(path) == 1]
    if grant.permission.get("filter") or (grant.kind == "select" and not direct):
        return
    verb = {"select": "reads", "update": "changes", "delete": "deletes"}[grant.kind]
    whose = f", whatever its '{direct[0]}'" if direct else ""
    message = f"{grant.words} {verb} every row{whose}."
    yield Finding(rule, grant.at("filter"), message, grant.path)
