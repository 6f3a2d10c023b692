select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."name" as "name", (
    select json_build_object('aggregate', json_build_object('count', count(*), 'avg', json_build_object('rating', avg(t1."rating"))), 'nodes', coalesce(json_agg(json_build_object('title', t1."title")), '[]'::json))
    from (
      select t1.*
      from "public"."article" as t1
      where (t1."author_id" = t0."id") and (t1."rating" > $1::"pg_catalog"."float8")) as t1) as "articles_aggregate"
  from "public"."author" as t0
  order by t0."id" asc nulls last) as "{}"
-- $1 = "1"
