select json_build_object('id', translate(encode(convert_to((json_build_array(1, 'public'::text, 'article'::text, t0."id"))::text, 'UTF8'), 'base64'), E'\n', ''), '__typename', 'article'::text, 'title', t0."title", 'author', (
    select json_build_object('name', t1."name")
    from "public"."author" as t1
    where (t1."id" = t0."author_id")
    limit 1))
from "public"."article" as t0
where (t0."id" = ($1::text)::"pg_catalog"."int4")
-- $1 = "3"
