select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."article" as t0
  where (exists (
      select 1
      from "public"."author" as t1
      where (t1."id" = t0."author_id") and (t1."registered" = $1::"pg_catalog"."bool")) and (not exists (
        select 1
        from "public"."article_tag" as t1
        where (t1."article_id" = t0."id") and exists (
          select 1
          from "public"."tag" as t2
          where (t2."id" = t1."tag_id") and (t2."name" = $2::text)))))
  order by t0."id" asc nulls last) as "{}"
-- $1 = "true"
-- $2 = "short"

select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."author" as t0
  where exists (
    select 1
    from "public"."article" as t1
    where (t1."author_id" = t0."id") and (true))
  order by t0."id" asc nulls last) as "{}"
