"""Where a database stands among the migrations."""

import pytest

from rowgate.cli.failures import CommandError
from rowgate.cli.revisions import current_revisions


def test_a_database_that_is_away_is_told_in_a_sentence() -> None:
    with pytest.raises(CommandError, match="The database does not answer"):
        current_revisions("postgresql://u:secret@127.0.0.1:1/x")
