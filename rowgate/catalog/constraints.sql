-- Primary keys, unique constraints and foreign keys, their columns in the constraint's own order.
-- A foreign key to a partitioned table has a row for each partition besides; those are left out.
select
    k.conrelid as relation,
    k.conname as name,
    k.contype::text as kind,
    not k.condeferrable as immediate,
    array(
        select a.attname
        from pg_catalog.unnest(k.conkey) with ordinality as u (attnum, position)
        join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.attnum
        order by u.position
    ) as columns,
    fn.nspname as target_schema,
    fc.relname as target_name,
    array(
        select a.attname
        from pg_catalog.unnest(k.confkey) with ordinality as u (attnum, position)
        join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.attnum
        order by u.position
    ) as target_columns
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
left join pg_catalog.pg_constraint parent on parent.oid = k.conparentid
left join pg_catalog.pg_class fc on fc.oid = k.confrelid
left join pg_catalog.pg_namespace fn on fn.oid = fc.relnamespace
where k.contype in ('p', 'u', 'f')
    and (parent.oid is null or parent.conrelid <> k.conrelid)
    and n.nspname not like 'pg\_%'
    and n.nspname not in ('information_schema', 'hdb_catalog')
order by k.conrelid, k.conname
