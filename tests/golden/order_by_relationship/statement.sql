select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", (
    select row_to_json("{}")
    from (
      select t1."name" as "name"
      from "public"."author" as t1
      where (t1."id" = t0."author_id")) as "{}"
    limit 1) as "author"
  from "public"."article" as t0
  order by (
    select t1."name"
    from "public"."author" as t1
    where (t1."id" = t0."author_id")
    limit 1) desc nulls first, t0."id" asc nulls last) as "{}"
