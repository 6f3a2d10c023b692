select json_build_object('tag', (
    select json_build_object('name', t1."name")
    from "public"."tag" as t1
    where (t1."id" = t0."tag_id")
    limit 1), 'article', (
    select json_build_object('title', t1."title")
    from "public"."article" as t1
    where (t1."id" = t0."article_id")
    limit 1))
from "public"."article_tag" as t0
where ((t0."article_id" = ($1::text)::"pg_catalog"."int4") and (t0."tag_id" = ($2::text)::"pg_catalog"."int4"))
-- $1 = "3"
-- $2 = "1"
