-- Columns of the relations of relations.sql. A domain lends its column both NOT NULL and DEFAULT.
select
    a.attrelid as relation,
    a.attnum as position,
    a.attname as name,
    a.atttypid as type,
    not (a.attnotnull or t.typtype = 'd' and t.typnotnull) as nullable,
    a.attgenerated <> '' as generated,
    a.attgenerated = 'v' as virtual,
    a.attgenerated = '' and (a.atthasdef or t.typtype = 'd' and t.typdefault is not null)
        as has_default,
    a.attidentity::text as identity,
    a.attgenerated = '' and a.attidentity <> 'a' and case
        when c.relkind in ('v', 'f')
        then pg_catalog.pg_column_is_updatable(a.attrelid, a.attnum, true)
        else c.relkind <> 'm'
    end as updatable,
    d.description
from pg_catalog.pg_attribute a
join pg_catalog.pg_class c on c.oid = a.attrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_description d
    on d.objoid = a.attrelid and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.objsubid = a.attnum
where a.attnum > 0
    and not a.attisdropped
    and c.relkind in ('r', 'v', 'm', 'f', 'p')
    and n.nspname not like 'pg\_%'
    and n.nspname not in ('information_schema', 'hdb_catalog')
order by a.attrelid, a.attnum
