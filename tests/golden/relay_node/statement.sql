select json_build_object('id', translate(encode(convert_to((json_build_array(1, 'public'::text, 'article'::text, t0."id"))::text, 'UTF8'), 'base64'), E'\n', ''), '__typename', 'article'::text, 'title', t0."title", 'author', (case when t0_1."id" is not null then json_build_object('name', t0_1."name") end))
from "public"."article" as t0
left join "public"."author" as t0_1 on (t0_1."id" = t0."author_id")
where (t0."id" = $1::"pg_catalog"."int4")
-- $1 = "3"
