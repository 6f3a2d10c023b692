-- Every type. `element` is an array's element type, `base` a domain's base type, `relation` the
-- table whose row the type is, `sortable` whether an array of it can be compared.
select
    t.oid,
    n.nspname as schema,
    t.typname as name,
    t.typtype::text as kind,
    e.oid as element,
    nullif(t.typbasetype, 0) as base,
    nullif(t.typrelid, 0) as relation,
    case when t.typtype = 'e' then array(
        select v.enumlabel
        from pg_catalog.pg_enum v
        where v.enumtypid = t.oid
        order by v.enumsortorder
    ) end as labels,
    t.typtype in ('e', 'r', 'm') or exists (
        select
        from pg_catalog.pg_opclass o
        join pg_catalog.pg_am m on m.oid = o.opcmethod and m.amname = 'btree'
        where o.opcdefault and (
            o.opcintype = t.oid
            or exists (
                select
                from pg_catalog.pg_cast k
                where k.castsource = t.oid and k.casttarget = o.opcintype
                    and k.castcontext = 'i' and k.castmethod = 'b'
            )
        )
    ) as sortable
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
left join pg_catalog.pg_type e on e.typarray = t.oid
