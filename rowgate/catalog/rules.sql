-- Everything whose name Postgres tells where a row is refused (constraints, unique indexes), with
-- the columns of its table that it looks at, those of expressions and predicates among them.
select r.relation, r.name, pg_catalog.array_agg(distinct a.attname::text) as columns
from (
    select k.conrelid as relation, k.conname as name, k.oid, k.tableoid as kind
    from pg_catalog.pg_constraint k
    where k.contype in ('p', 'u', 'f', 'c', 'x') and k.conrelid <> 0
    union all
    select i.indrelid, x.relname, x.oid, x.tableoid
    from pg_catalog.pg_index i
    join pg_catalog.pg_class x on x.oid = i.indexrelid
    where i.indisunique
) r
join pg_catalog.pg_class c on c.oid = r.relation
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_depend d
    on d.classid = r.kind and d.objid = r.oid
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = r.relation
join pg_catalog.pg_attribute a on a.attrelid = r.relation and a.attnum = d.refobjsubid
where d.refobjsubid > 0
    and n.nspname not like 'pg\_%'
    and n.nspname not in ('information_schema', 'hdb_catalog')
group by r.relation, r.name
order by r.relation
