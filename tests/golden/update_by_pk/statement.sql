BEGIN;

update "public"."article" as t0
set "title" = $1::text, "views" = t0."views" + $2::"pg_catalog"."int8"
where (
  select set_config('hasura.user', $4::text, true) as c) is not null and (t0."id" = $3::"pg_catalog"."int4")
returning row(t0.*)::text
-- $1 = "New"
-- $2 = "1"
-- $3 = "3"
-- $4 = "{\"x-hasura-role\":\"admin\"}"

select json_build_object('title', t0."title", 'views', t0."views", 'author', (case when t0_1."id" is not null then json_build_object('name', t0_1."name") end))
from (
  select (r."rowgate:row").*, r."rowgate:row"
  from (
    select u.x::"public"."article" as "rowgate:row"
    from unnest($1::text[]) with ordinality as u(x, n)
    order by u.n) as r) as t0
left join "public"."author" as t0_1 on (t0_1."id" = t0."author_id")
-- $1 = ["(3,New,\"of moors\",2,t,\"2020-06-01 10:30:00+00\",story,5,701,\"{moor,\"\"wind, cold\"\"}\",\"{\"\"pages\"\": 400}\",u2)"]

COMMIT;
