select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."title" as "title", t0."rating" as "rating", (case when t0_1."id" is not null then json_build_object('name', t0_1."name") end) as "author"
  from (
    select b.*, row_number() over () as "rowgate:number"
    from (
      select t0."id", t0."title", t0."rating", t0."author_id"
      from "public"."article" as t0
      where (t0."published" = $1::"pg_catalog"."bool")
      order by t0."rating" desc nulls last, t0."id" asc nulls last
      limit 2) as b) as t0
  left join "public"."author" as t0_1 on (t0_1."id" = t0."author_id") and exists (
    select 1
    from "public"."article" as t1
    where (t1."author_id" = t0_1."id") and (t1."published" = $1::"pg_catalog"."bool"))
  order by t0."rowgate:number") as "{}"
-- $1 = "true"
