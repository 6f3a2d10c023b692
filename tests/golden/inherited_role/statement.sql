select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."name" as "name", t0."born" as "born", (case when exists (
      select 1
      from "public"."article" as t1
      where (t1."author_id" = t0."id") and (t1."published" = $1::"pg_catalog"."bool")) then "public"."author_label"("author_row" => t0.*) end) as "label"
  from "public"."author" as t0
  order by t0."id" asc nulls last) as "{}"
-- $1 = "true"

select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."title" as "title", (case when (t0."editor" = $2::text) then t0."body" end) as "body", (case when (t0."published" = $1::"pg_catalog"."bool") then t0."genre" end) as "genre", (case when (t0."editor" = $2::text) then t0."views" end) as "views"
  from "public"."article" as t0
  where ((t0."published" = $1::"pg_catalog"."bool") or (t0."editor" = $2::text))
  order by t0."id" asc nulls last) as "{}"
-- $1 = "true"
-- $2 = "u1"
