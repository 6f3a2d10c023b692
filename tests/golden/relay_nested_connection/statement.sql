select json_build_object('edges', coalesce(json_agg(json_build_object('node', json_build_object('name', t0."name", 'articles_connection', (
            select json_build_object('edges', coalesce(json_agg(json_build_object('node', json_build_object('title', t1."title"))
                  order by "rowgate:number") filter (
                  where "rowgate:number" <= 1), '[]'::json))
            from (
              select t1.*, translate(encode(convert_to((json_build_object('id', t1."id"))::text, 'UTF8'), 'base64'), E'\n', '') as "rowgate:cursor"
              from (
                select b.*, row_number() over () as "rowgate:number"
                from (
                  select t1.*
                  from "public"."article" as t1
                  where (t1."author_id" = t0."id")
                  order by t1."id" asc nulls last
                  limit 2) as b) as t1) as t1)))
      order by "rowgate:number" desc) filter (
      where "rowgate:number" <= 2), '[]'::json))
from (
  select t0.*, translate(encode(convert_to((json_build_object('id', t0."id"))::text, 'UTF8'), 'base64'), E'\n', '') as "rowgate:cursor"
  from (
    select b.*, row_number() over () as "rowgate:number"
    from (
      select t0.*
      from "public"."author" as t0
      order by t0."id" desc nulls first
      limit 3) as b) as t0) as t0
