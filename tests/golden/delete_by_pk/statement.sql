BEGIN;

delete from "public"."article" as t0
where (
  select set_config('hasura.user', $2::text, true) as c) is not null and (t0."id" = $1::"pg_catalog"."int4")
returning row(t0.*)::text
-- $1 = "4"
-- $2 = "{\"x-hasura-role\":\"admin\"}"

select json_build_object('id', t0."id", 'title', t0."title", 'author', (case when t0_1."id" is not null then json_build_object('name', t0_1."name") end))
from (
  select (r."rowgate:row").*, r."rowgate:row"
  from (
    select u.x::"public"."article" as "rowgate:row"
    from unnest($1::text[]) with ordinality as u(x, n)
    order by u.n) as r) as t0
left join "public"."author" as t0_1 on (t0_1."id" = t0."author_id")
-- $1 = ["(4,Letters,home,2,t,\"2021-03-01 00:00:00+00\",news,,70,{post},{},u2)"]

COMMIT;
