-- Functions (not aggregates, window functions, procedures or triggers), every overload.
-- `types`, `names` and `modes` run over all arguments; modes is null where all are inputs.
select
    p.oid,
    n.nspname as schema,
    p.proname as name,
    coalesce(p.proallargtypes, p.proargtypes::pg_catalog.oid[]) as types,
    p.proargnames as names,
    p.proargmodes::text[] as modes,
    p.pronargdefaults as defaults,
    p.prorettype as returns,
    p.proretset as returns_set,
    p.provolatile::text as volatility,
    p.provariadic <> 0 as is_variadic,
    d.description
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
left join pg_catalog.pg_description d
    on d.objoid = p.oid and d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    and d.objsubid = 0
where p.prokind = 'f'
    and p.prorettype not in (
        'pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype
    )
    and n.nspname not like 'pg\_%'
    and n.nspname not in ('information_schema', 'hdb_catalog')
order by n.nspname, p.proname, p.oid
