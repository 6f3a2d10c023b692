BEGIN;

with "written" as (
  update "public"."article" as t0
  set "details" = t0."details" || $1::"pg_catalog"."jsonb"
  where (
    select set_config('hasura.user', $3::text, true) as c) is not null and (t0."id" = $2::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('returning', (
    select coalesce(json_agg(json_build_object('details', t0."details")), '[]'::json)
    from "written" as t0))
-- $1 = "{\"more\":true}"
-- $2 = "1"
-- $3 = "{\"x-hasura-role\":\"admin\"}"

with "written" as (
  update "public"."article" as t0
  set "details" = $1::"pg_catalog"."jsonb" || t0."details"
  where (
    select set_config('hasura.user', $3::text, true) as c) is not null and (t0."id" = $2::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('returning', (
    select coalesce(json_agg(json_build_object('details', t0."details")), '[]'::json)
    from "written" as t0))
-- $1 = "{\"pages\":1,\"first\":0}"
-- $2 = "2"
-- $3 = "{\"x-hasura-role\":\"admin\"}"

with "written" as (
  update "public"."article" as t0
  set "details" = t0."details" - $1::text
  where (
    select set_config('hasura.user', $3::text, true) as c) is not null and (t0."id" = $2::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('returning', (
    select coalesce(json_agg(json_build_object('details', t0."details")), '[]'::json)
    from "written" as t0))
-- $1 = "pages"
-- $2 = "3"
-- $3 = "{\"x-hasura-role\":\"admin\"}"

with "written" as (
  update "public"."article" as t0
  set "details" = t0."details" #- $1::text[]
  where (
    select set_config('hasura.user', $3::text, true) as c) is not null and (t0."id" = $2::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('returning', (
    select coalesce(json_agg(json_build_object('details', t0."details")), '[]'::json)
    from "written" as t0))
-- $1 = ["notes", "0"]
-- $2 = "1"
-- $3 = "{\"x-hasura-role\":\"admin\"}"

with "written" as (
  update "public"."author" as t0
  set "profile" = $1::"pg_catalog"."jsonb"
  where (
    select set_config('hasura.user', $3::text, true) as c) is not null and (t0."id" = $2::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('affected_rows', (
    select count(*)
    from "written" as t0))
-- $1 = "[\"a\",\"b\",\"c\"]"
-- $2 = "2"
-- $3 = "{\"x-hasura-role\":\"admin\"}"

with "written" as (
  update "public"."author" as t0
  set "profile" = t0."profile" - $1::"pg_catalog"."int4"
  where (
    select set_config('hasura.user', $3::text, true) as c) is not null and (t0."id" = $2::"pg_catalog"."int4")
  returning t0.*)
select json_build_object('returning', (
    select coalesce(json_agg(json_build_object('profile', t0."profile")), '[]'::json)
    from "written" as t0))
-- $1 = "1"
-- $2 = "2"
-- $3 = "{\"x-hasura-role\":\"admin\"}"

COMMIT;
