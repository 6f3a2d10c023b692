with "session" as materialized (
  select set_config('hasura.user', $5::text, true) as c), "written" as (
  insert into "public"."author" as t0 ("name", "registered")
  values (case when (
      select s.c
      from "session" as s) is not null then $2::text else null::"pg_catalog"."text" end, $3::"pg_catalog"."bool"), ($4::text, default)
  on conflict on constraint "author_name_key" do
  update
  set "registered" = excluded."registered"
  where (t0."registered" = $1::"pg_catalog"."bool")
  returning t0.*)
select json_build_object('affected_rows', (
    select count(*)
    from "written" as t0), 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'name', t0."name", 'registered', t0."registered")), '[]'::json)
    from "written" as t0))
-- $1 = "false"
-- $2 = "Cleo"
-- $3 = "true"
-- $4 = "New"
-- $5 = "{\"x-hasura-role\":\"admin\"}"
