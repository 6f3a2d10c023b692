-- The rule of every view: its query as Postgres keeps it, in its notation of nodes.
select r.ev_class as relation, r.ev_action::text as action
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where r.rulename = '_RETURN'
    and c.relkind = 'v'
    and n.nspname not like 'pg\_%'
    and n.nspname not in ('information_schema', 'hdb_catalog')
