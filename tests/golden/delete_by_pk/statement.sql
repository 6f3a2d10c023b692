with "session" as materialized (
  select set_config('hasura.user', $2::text, true) as c), "written" as (
  delete from "public"."article" as t0
  where (
    select s.c
    from "session" as s) is not null and (t0."id" = ($1::text)::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('id', t0."id", 'title', t0."title", 'author', (
    select row_to_json("{}")
    from (
      select t1."name" as "name"
      from "public"."author" as t1
      where (t1."id" = t0."author_id")) as "{}"
    limit 1))
from "written" as t0
-- $1 = "4"
-- $2 = "{\"x-hasura-role\":\"admin\"}"
