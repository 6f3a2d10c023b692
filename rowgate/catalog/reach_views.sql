-- What each view's definition names: relations, and those of their columns that it names.
select
    vn.nspname as schema,
    v.relname as name,
    bn.nspname as base_schema,
    b.relname as base,
    coalesce(
        pg_catalog.array_agg(distinct a.attname::text) filter (where a.attname is not null),
        '{}'
    ) as columns
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class v on v.oid = r.ev_class and v.relkind in ('v', 'm')
join pg_catalog.pg_namespace vn on vn.oid = v.relnamespace
join pg_catalog.pg_depend d
    on d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass and d.objid = r.oid
    and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid <> v.oid
join pg_catalog.pg_class b on b.oid = d.refobjid and b.relkind in ('r', 'v', 'm', 'f', 'p')
join pg_catalog.pg_namespace bn on bn.oid = b.relnamespace
left join pg_catalog.pg_attribute a
    on a.attrelid = b.oid and a.attnum = d.refobjsubid and a.attnum > 0
where vn.nspname not like 'pg\_%'
    and vn.nspname not in ('information_schema', 'hdb_catalog')
group by vn.nspname, v.relname, bn.nspname, b.relname
