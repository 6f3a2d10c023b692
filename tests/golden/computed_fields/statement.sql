select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select "public"."author_label"("author_row" => t0.*) as "label", (
    select coalesce(json_agg(row_to_json("{}")), '[]'::json)
    from (
      select t1."title" as "title"
      from "public"."author_articles_like"("author_row" => t0.*, "word" => $1::text) as t1
      where (t1."published" = $2::"pg_catalog"."bool")
      order by t1."id" asc nulls last) as "{}") as "articles_like"
  from "public"."author" as t0
  order by t0."id" asc nulls last) as "{}"
-- $1 = "e"
-- $2 = "true"
