"""Pattern matching (Postgres manual, 9.7): LIKE, SIMILAR TO, POSIX regular expressions."""

import re


def like(text: str, pattern: str, ignoring_case: bool = False) -> bool:
    """9.7.1: `%` is any text, `_` any character, a backslash takes a special meaning away; the
    pattern covers the entire text."""
    made = ""
    escaped = False
    for character in pattern:
        if not escaped and character == "\\":
            escaped = True
            continue
        wildcard = {"%": ".*", "_": "."}.get(character) if not escaped else None
        made += wildcard or re.escape(character)
        escaped = False
    flags = re.DOTALL | (re.IGNORECASE if ignoring_case else 0)
    return re.fullmatch(made, text, flags) is not None


def similar(text: str, pattern: str) -> bool:
    """9.7.2: LIKE's wildcards, and `|`, `*`, `+`, `?`, braces, parentheses and brackets as in
    regular expressions; a dot is an ordinary character."""
    special = {"%": ".*", "_": ".", ".": r"\.", "^": r"\^", "$": r"\$"}
    made, bracketed = "", False
    for character in pattern:
        bracketed = character == "[" or (bracketed and character != "]")
        made += character if bracketed else special.get(character, character)
    return re.fullmatch(made, text, re.DOTALL) is not None


def regex(text: str, pattern: str, ignoring_case: bool = False) -> bool:
    """9.7.3: `~` is true where the expression matches anywhere in the text."""
    flags = re.DOTALL | (re.IGNORECASE if ignoring_case else 0)
    return re.search(pattern, text, flags) is not None
