select json_build_object('pageInfo', json_build_object('hasNextPage', (count(*) > 2), 'hasPreviousPage', false, 'startCursor', coalesce((array_agg("rowgate:cursor"
          order by "rowgate:number") filter (
          where "rowgate:number" <= 2))[1], ''), 'endCursor', coalesce((array_agg("rowgate:cursor"
          order by "rowgate:number" desc) filter (
          where "rowgate:number" <= 2))[1], '')), 'edges', coalesce(json_agg(json_build_object('cursor', "rowgate:cursor", 'node', json_build_object('id', translate(encode(convert_to((json_build_array(1, 'public'::text, 'article'::text, t0."id"))::text, 'UTF8'), 'base64'), E'\n', ''), 'title', t0."title", 'author', (
            select json_build_object('name', t1."name")
            from "public"."author" as t1
            where (t1."id" = t0."author_id")
            limit 1)))
      order by "rowgate:number") filter (
      where "rowgate:number" <= 2), '[]'::json))
from (
  select t0.*, translate(encode(convert_to((json_build_object('rating', t0."rating", 'id', t0."id"))::text, 'UTF8'), 'base64'), E'\n', '') as "rowgate:cursor"
  from (
    select b.*, row_number() over () as "rowgate:number"
    from (
      select t0.*
      from "public"."article" as t0
      where (t0."published" = $1::"pg_catalog"."bool")
      order by t0."rating" desc nulls last, t0."id" asc nulls last
      limit 3) as b) as t0) as t0
-- $1 = "true"
