with "session" as materialized (
  select set_config('hasura.user', $4::text, true) as c), "written" as (
  update "public"."article" as t0
  set "title" = $1::text, "views" = t0."views" + ($2::text)::"pg_catalog"."int8"
  where (
    select s.c
    from "session" as s) is not null and (t0."id" = ($3::text)::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('title', t0."title", 'views', t0."views", 'author', (
    select row_to_json("{}")
    from (
      select t1."name" as "name"
      from "public"."author" as t1
      where (t1."id" = t0."author_id")) as "{}"
    limit 1))
from "written" as t0
-- $1 = "New"
-- $2 = "1"
-- $3 = "3"
-- $4 = "{\"x-hasura-role\":\"admin\"}"
