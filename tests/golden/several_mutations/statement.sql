BEGIN;

with "session" as materialized (
  select set_config('hasura.user', $2::text, true) as c), "written" as (
  insert into "public"."tag" as t0 ("name")
  values (case when (
      select s.c
      from "session" as s) is not null then $1::text else null::"pg_catalog"."text" end)
  returning t0.*)
select json_build_object('id', t0."id")
from "written" as t0
-- $1 = "fresh"
-- $2 = "{\"x-hasura-role\":\"admin\"}"

with "written" as (
  update "public"."tag" as t0
  set "name" = $1::text
  where (
    select set_config('hasura.user', $3::text, true) as c) is not null and (t0."name" = $2::text)
  returning t0.*)
select json_build_object('affected_rows', (
    select count(*)
    from "written" as t0))
-- $1 = "stale"
-- $2 = "fresh"
-- $3 = "{\"x-hasura-role\":\"admin\"}"

with "written" as (
  delete from "public"."tag" as t0
  where (
    select set_config('hasura.user', $2::text, true) as c) is not null and (t0."name" = $1::text)
  returning t0.*)
select json_build_object('returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'name', t0."name")), '[]'::json)
    from "written" as t0))
-- $1 = "stale"
-- $2 = "{\"x-hasura-role\":\"admin\"}"

COMMIT;
