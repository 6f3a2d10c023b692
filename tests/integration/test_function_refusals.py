"""Functions that cannot be root fields: each is inconsistent with the contract's reason."""

import pytest

from tests.serving import serving, source

SCRIPT = """
create table note (id int primary key, body text);
create type pair as (a int, b int);
create function scalar () returns int language sql stable as 'select 1';
create function columns () returns table (a int, b text) language sql stable as 'select 1, ''x''';
create function records () returns setof record language sql stable as 'select 1, 2';
create function composite () returns setof pair language sql stable as 'select 1, 2';
create function many (variadic ids int[]) returns setof note language sql stable as $$
    select * from note where id = any(ids)
$$;
create function calm () returns setof note language sql stable as 'select * from note';
"""
REASONS = {
    "scalar": 'the function does not return a "COMPOSITE" type',
    "columns": 'the function does not return a "COMPOSITE" type',
    "records": 'the function does not return a "COMPOSITE" type',
    "composite": "the function does not return a table",
    "many": 'function with "VARIADIC" parameters are not supported',
}
MODEL = {"response": {"type": "logical_model", "logical_model": "m"}}


@pytest.mark.parametrize("name", REASONS)
def test_a_function_that_gives_no_rows_of_a_table(name: str, database_url: str) -> None:
    functions = [{"function": name}, {"function": "calm"}]
    document = source(database_url, [{"table": "note"}], functions)
    with pytest.raises(AssertionError) as told, serving(database_url, SCRIPT, document):
        pass
    reason = f'in function "{name}": the function "{name}" cannot be tracked because '
    assert f"{reason}{REASONS[name]}" in str(told.value).replace("\\'", "'")
    assert "calm" not in str(told.value)


def test_what_other_databases_say_of_a_function_is_refused(database_url: str) -> None:
    functions = [{"function": "calm", "configuration": MODEL}]
    document = source(database_url, [{"table": "note"}], functions)
    with pytest.raises(AssertionError) as told, serving(database_url, SCRIPT, document):
        pass
    assert "response" in str(told.value)
