-- The first column of every index that is valid and not partial.
select n.nspname as schema, c.relname as relation, a.attname as column
from pg_catalog.pg_index i
join pg_catalog.pg_class c on c.oid = i.indrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
where i.indisvalid and i.indpred is null and i.indkey[0] <> 0
  and n.nspname not in ('pg_catalog', 'information_schema', 'hdb_catalog')
  and n.nspname not like 'pg\_toast%'
