with "session" as materialized (
  select set_config('hasura.user', $6::text, true) as c), "written" as (
  insert into "public"."article" as t0 ("title", "published", "genre", "editor")
  values (case when (
      select s.c
      from "session" as s) is not null then $2::text else null::"pg_catalog"."text" end, $3::"pg_catalog"."bool", $4::text, $5::text)
  returning t0.*, case when coalesce((not (t0."title" ~~ $1::text)), false) then true else ('rowgate: check constraint of an insert/update permission has failed' || left(row(t0.*)::text, 0))::boolean end as "rowgate:ok")
select json_build_object('id', t0."id", 'title', t0."title", 'body', t0."body", 'views', t0."views")
from "written" as t0
-- $1 = "%forbidden%"
-- $2 = "Mine"
-- $3 = "true"
-- $4 = "story"
-- $5 = "u1"
-- $6 = "{\"x-hasura-user-id\":\"u1\",\"x-hasura-role\":\"editor\"}"
