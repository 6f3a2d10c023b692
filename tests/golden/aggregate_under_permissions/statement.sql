select json_build_object('aggregate', json_build_object('count', count(*), 'max', json_build_object('views', max(t0."views"))), 'nodes', coalesce(json_agg(json_build_object('id', t0."id", 'title', t0."title")), '[]'::json))
from (
  select t0.*
  from "public"."article" as t0
  where (t0."editor" = $1::text)) as t0
-- $1 = "u1"
