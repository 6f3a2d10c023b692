select row_to_json("{}")
from (
  select (
    select row_to_json("{}")
    from (
      select t1."name" as "name"
      from "public"."tag" as t1
      where (t1."id" = t0."tag_id")) as "{}"
    limit 1) as "tag", (
    select row_to_json("{}")
    from (
      select t1."title" as "title"
      from "public"."article" as t1
      where (t1."id" = t0."article_id")) as "{}"
    limit 1) as "article"
  from "public"."article_tag" as t0
  where ((t0."article_id" = ($1::text)::"pg_catalog"."int4") and (t0."tag_id" = ($2::text)::"pg_catalog"."int4"))) as "{}"
-- $1 = "3"
-- $2 = "1"
