select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('label', "public"."author_label"("author_row" => t0.*), 'articles_like', (
      select coalesce(json_agg(r.o), '[]'::json)
      from (
        select json_build_object('title', t1."title") as o
        from "public"."author_articles_like"("author_row" => t0.*, "word" => $1::text) as t1
        where (t1."published" = ($2::text)::"pg_catalog"."bool")
        order by t1."id" asc nulls last) as r)) as o
  from "public"."author" as t0
  order by t0."id" asc nulls last) as r
-- $1 = "e"
-- $2 = "true"
