select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('name', t0."name", 'articles', (
      select coalesce(json_agg(r.o), '[]'::json)
      from (
        select json_build_object('title', t1."title", 'author', (
            select json_build_object('id', t2."id")
            from "public"."author" as t2
            where (t2."id" = t1."author_id")
            limit 1), 'article_tags', (
            select coalesce(json_agg(r.o), '[]'::json)
            from (
              select json_build_object('tag', (
                  select json_build_object('name', t3."name")
                  from "public"."tag" as t3
                  where (t3."id" = t2."tag_id")
                  limit 1)) as o
              from "public"."article_tag" as t2
              where (t2."article_id" = t1."id")
              order by t2."tag_id" asc nulls last) as r)) as o
        from "public"."article" as t1
        where (t1."author_id" = t0."id") and (t1."published" = ($1::text)::"pg_catalog"."bool")
        order by t1."id" desc nulls first
        limit ($2::text)::"pg_catalog"."int8"
        offset ($3::text)::"pg_catalog"."int8") as r)) as o
  from "public"."author" as t0
  order by t0."id" asc nulls last) as r
-- $1 = "true"
-- $2 = "1"
-- $3 = "0"
