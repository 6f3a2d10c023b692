BEGIN;

with "session" as materialized (
  select set_config('hasura.user', $1::text, true) as c)
insert into "public"."author" as t0 ("name", "registered")
values (case when (
    select s.c
    from "session" as s) is not null then $2::text else null::"pg_catalog"."text" end, $3::"pg_catalog"."bool")
on conflict on constraint "author_name_key" do
update
set "registered" = excluded."registered"
returning row(t0.*)::text, t0."id"::text
-- $1 = "{\"x-hasura-role\":\"admin\"}"
-- $2 = "Ada"
-- $3 = "false"

with "session" as materialized (
  select set_config('hasura.user', $1::text, true) as c)
insert into "public"."article" as t0 ("title", "author_id")
values (case when (
    select s.c
    from "session" as s) is not null then $2::text else null::"pg_catalog"."text" end, $3::"pg_catalog"."int4")
returning row(t0.*)::text
-- $1 = "{\"x-hasura-role\":\"admin\"}"
-- $2 = "U"
-- $3 = "1"

select json_build_object('title', t0."title", 'author', (case when t0_1."id" is not null then json_build_object('id', t0_1."id", 'name', t0_1."name", 'registered', t0_1."registered") end))
from (
  select (r."rowgate:row").*, r."rowgate:row"
  from (
    select u.x::"public"."article" as "rowgate:row"
    from unnest($1::text[]) with ordinality as u(x, n)
    order by u.n) as r) as t0
left join "public"."author" as t0_1 on (t0_1."id" = t0."author_id")
-- $1 = ["(6,U,,1,f,,,,0,{},{},)"]

COMMIT;
