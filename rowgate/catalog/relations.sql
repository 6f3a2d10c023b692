-- Tables and what can stand for one, outside the system's schemas.
-- `writable` is the bit mask of pg_relation_is_updatable: 4 update, 8 insert, 16 delete.
select
    c.oid,
    n.nspname as schema,
    c.relname as name,
    c.relkind::text as kind,
    pg_catalog.pg_relation_is_updatable(c.oid, true) as writable,
    c.relkind = 'r' and c.relhassubclass as inherited,
    d.description
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_description d
    on d.objoid = c.oid and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
    and d.objsubid = 0
where c.relkind in ('r', 'v', 'm', 'f', 'p')
    and n.nspname not like 'pg\_%'
    and n.nspname not in ('information_schema', 'hdb_catalog')
order by n.nspname, c.relname
