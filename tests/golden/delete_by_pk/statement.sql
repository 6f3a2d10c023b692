BEGIN;

with "session" as materialized (
  select set_config('hasura.user', $1::text, true) as c)
delete from "public"."article" as t0
where (
  select s.c
  from "session" as s) is not null and (t0."id" = ($2::text)::"pg_catalog"."int4")
returning row(t0.*)::text
-- $1 = "{\"x-hasura-role\":\"admin\"}"
-- $2 = "4"

select row_to_json("{}")
from (
  select t0."id" as "id", t0."title" as "title", (
    select row_to_json("{}")
    from (
      select t1."name" as "name"
      from "public"."author" as t1
      where (t1."id" = t0."author_id")) as "{}"
    limit 1) as "author"
  from (
    select (r."rowgate:row").*, r."rowgate:row"
    from (
      select u.x::"public"."article" as "rowgate:row"
      from unnest($1::text[]) with ordinality as u(x, n)
      order by u.n) as r) as t0) as "{}"
-- $1 = ["(4,Letters,home,2,t,\"2021-03-01 00:00:00+00\",news,,70,{post},{},u2)"]

COMMIT;
