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
-- $1 = "kept?"
-- $2 = "{\"x-hasura-role\":\"admin\"}"

with "session" as materialized (
  select set_config('hasura.user', $2::text, true) as c), "written" as (
  insert into "public"."tag" as t0 ("name")
  values (case when (
      select s.c
      from "session" as s) is not null then $1::text else null::"pg_catalog"."text" end)
  returning t0.*)
select json_build_object('id', t0."id")
from "written" as t0
-- $1 = "old"
-- $2 = "{\"x-hasura-role\":\"admin\"}"

ROLLBACK;
