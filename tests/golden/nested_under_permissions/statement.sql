select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."name" as "name", "public"."author_label"("author_row" => t0.*) as "label", (
    select coalesce(json_agg(row_to_json("{}")), '[]'::json)
    from (
      select t1."title" as "title"
      from "public"."article" as t1
      where (t1."author_id" = t0."id") and (t1."published" = $1::"pg_catalog"."bool")
      order by t1."id" asc nulls last
      limit 2) as "{}") as "articles"
  from "public"."author" as t0
  where exists (
    select 1
    from "public"."article" as t1
    where (t1."author_id" = t0."id") and (t1."published" = $1::"pg_catalog"."bool"))
  order by t0."id" asc nulls last) as "{}"
-- $1 = "true"
