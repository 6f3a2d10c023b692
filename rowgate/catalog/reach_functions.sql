-- Whose rights each function has, whether it finds names by a path of its own, and its body.
select
    n.nspname as schema,
    p.proname as name,
    p.prosecdef as definer,
    coalesce(p.proconfig, '{}')::text as settings,
    coalesce(pg_catalog.pg_get_function_sqlbody(p.oid), p.prosrc) as body
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname in ('sql', 'plpgsql')
where p.prokind = 'f'
    and n.nspname not like 'pg\_%'
    and n.nspname not in ('information_schema', 'hdb_catalog')
order by n.nspname, p.proname, p.oid
