select json_build_object('tag', (case when t0_1."id" is not null then json_build_object('name', t0_1."name") end), 'article', (case when t0_2."id" is not null then json_build_object('title', t0_2."title") end))
from "public"."article_tag" as t0
left join "public"."tag" as t0_1 on (t0_1."id" = t0."tag_id")
left join "public"."article" as t0_2 on (t0_2."id" = t0."article_id")
where ((t0."article_id" = $1::"pg_catalog"."int4") and (t0."tag_id" = $2::"pg_catalog"."int4"))
-- $1 = "3"
-- $2 = "1"
