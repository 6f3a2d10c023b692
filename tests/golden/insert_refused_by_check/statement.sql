with "session" as materialized (
  select set_config('hasura.user', $4::text, true) as c), "written" as (
  insert into "public"."article" as t0 ("title", "editor")
  values (case when (
      select s.c
      from "session" as s) is not null then $2::text else null::"pg_catalog"."text" end, $3::text)
  returning t0.*, case when coalesce((not (t0."title" ~~ $1::text)), false) then true else ('rowgate: check constraint of an insert/update permission has failed' || left(row(t0.*)::text, 0))::boolean end as "rowgate:ok")
select json_build_object('id', t0."id")
from "written" as t0
-- $1 = "%forbidden%"
-- $2 = "a forbidden word"
-- $3 = "u1"
-- $4 = "{\"x-hasura-user-id\":\"u1\",\"x-hasura-role\":\"editor\"}"
