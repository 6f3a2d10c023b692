-- For each enum table (one text key, at most one other column, of text) the statement that reads
-- its rows. $1 and $2: the schemas and names of the tables, pairwise.
select
    n.nspname as schema,
    c.relname as name,
    pg_catalog.format(
        'select %I::pg_catalog.text as value, %s::pg_catalog.text as comment from %I.%I order by 1',
        key.attname, coalesce(pg_catalog.quote_ident(remark.attname), 'null'),
        n.nspname, c.relname
    ) as statement
from unnest($1::pg_catalog.text[], $2::pg_catalog.text[]) as wanted (schema, name)
join pg_catalog.pg_namespace n on n.nspname = wanted.schema
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = wanted.name
join pg_catalog.pg_constraint k
    on k.conrelid = c.oid and k.contype = 'p' and pg_catalog.cardinality(k.conkey) = 1
join pg_catalog.pg_attribute key on key.attrelid = c.oid and key.attnum = k.conkey[1]
left join pg_catalog.pg_attribute remark
    on remark.attrelid = c.oid and remark.attnum > 0 and not remark.attisdropped
    and remark.attnum <> key.attnum
where key.atttypid in (
        'pg_catalog.text'::pg_catalog.regtype, 'pg_catalog.varchar'::pg_catalog.regtype
    )
    and (remark.attnum is null or remark.atttypid in (
        'pg_catalog.text'::pg_catalog.regtype, 'pg_catalog.varchar'::pg_catalog.regtype
    ))
    and (
        select count(*) from pg_catalog.pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ) <= 2
