select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."title" as "title", (case when t0_1."id" is not null then json_build_object('name', t0_1."name") end) as "author"
  from (
    select b.*, row_number() over () as "rowgate:number"
    from (
      select t0."id", t0."title", t0."author_id"
      from "public"."search_articles"("word" => $1::text) as t0
      where (t0."id" > $2::"pg_catalog"."int4")
      order by t0."id" desc nulls first
      limit 2) as b) as t0
  left join "public"."author" as t0_1 on (t0_1."id" = t0."author_id")
  order by t0."rowgate:number") as "{}"
-- $1 = "e"
-- $2 = "1"
