select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."name" as "name", (
    select coalesce(json_agg(row_to_json("{}")), '[]'::json)
    from (
      select t1."title" as "title", (case when t1_1."id" is not null then json_build_object('id', t1_1."id") end) as "author", (
        select coalesce(json_agg(row_to_json("{}")), '[]'::json)
        from (
          select (case when t2_1."id" is not null then json_build_object('name', t2_1."name") end) as "tag"
          from "public"."article_tag" as t2
          left join "public"."tag" as t2_1 on (t2_1."id" = t2."tag_id")
          where (t2."article_id" = t1."id")
          order by t2."tag_id" asc nulls last) as "{}") as "article_tags"
      from (
        select b.*, row_number() over () as "rowgate:number"
        from (
          select t1."title", t1."author_id", t1."id"
          from "public"."article" as t1
          where (t1."author_id" = t0."id") and (t1."published" = $1::"pg_catalog"."bool")
          order by t1."id" desc nulls first
          limit 1) as b) as t1
      left join "public"."author" as t1_1 on (t1_1."id" = t1."author_id")
      order by t1."rowgate:number") as "{}") as "articles"
  from "public"."author" as t0
  order by t0."id" asc nulls last) as "{}"
-- $1 = "true"
