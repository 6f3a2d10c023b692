select row_to_json("{}")
from (
  select translate(encode(convert_to((json_build_array(1, 'public'::text, 'article'::text, t0."id"))::text, 'UTF8'), 'base64'), E'\n', '') as "id", 'article'::text as "__typename", t0."title" as "title", (
    select row_to_json("{}")
    from (
      select t1."name" as "name"
      from "public"."author" as t1
      where (t1."id" = t0."author_id")) as "{}"
    limit 1) as "author"
  from "public"."article" as t0
  where (t0."id" = ($1::text)::"pg_catalog"."int4")) as "{}"
-- $1 = "3"
