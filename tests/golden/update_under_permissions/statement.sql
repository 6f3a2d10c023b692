with "written" as (
  update "public"."article" as t0
  set "title" = $2::text
  where (
    select set_config('hasura.user', $4::text, true) as c) is not null and (t0."editor" = $3::text)
  returning t0.*, case when coalesce((not (t0."title" ~~ $1::text)), false) then true else ('rowgate: check constraint of an insert/update permission has failed' || left(row(t0.*)::text, 0))::boolean end as "rowgate:ok")
select json_build_object('affected_rows', (
    select count(*)
    from "written" as t0), 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'title', t0."title")), '[]'::json)
    from "written" as t0))
-- $1 = "%forbidden%"
-- $2 = "Mine now"
-- $3 = "u1"
-- $4 = "{\"x-hasura-user-id\":\"u1\",\"x-hasura-role\":\"editor\"}"
