select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."name" as "name", (
    select coalesce(json_agg(row_to_json("{}")), '[]'::json)
    from (
      select t1."title" as "title", t1."id" as "id", t1."genre" as "genre"
      from "public"."article" as t1
      where (t1."author_id" = t0."id")
      order by t1."id" asc nulls last) as "{}") as "articles"
  from "public"."author" as t0
  order by t0."id" asc nulls last) as "{}"
