select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."name" as "name", (case when to_jsonb(t0."latest") <> 'null' then (
      select coalesce(json_agg(row_to_json("{}")), '[]'::json)
      from (
        select t1."title" as "title"
        from (
          select *
          from jsonb_to_recordset(jsonb_path_query_array(to_jsonb(t0."latest"), '$[*] ? (@.type() == "object")')) as held("id" "pg_catalog"."int4", "title" "pg_catalog"."text", "published" "pg_catalog"."bool")) as t1
        where (t1."published" = $3::"pg_catalog"."bool")) as "{}") end) as "latest", (
    select coalesce(json_agg(row_to_json("{}")), '[]'::json)
    from (
      select t1."title" as "title"
      from (

        select id, title, author_id
        from article
        where title ilike $4::text
) as t1
      where (t1."author_id" = t0."author_id")) as "{}") as "stories"
  from (

    select r.id as author_id, r.name, count(a.id) as articles,
  coalesce(jsonb_agg(to_jsonb(a)
        order by a.id) filter (
        where a.id is not null), '[]') as latest

    from author as r
    left join article as a on a.author_id = r.id and a.rating >= $1::"pg_catalog"."float8"

    group by r.id
) as t0
  where (t0."articles" > $2::"pg_catalog"."int8")
  order by t0."author_id" asc nulls last
  limit 3) as "{}"
-- $1 = "0"
-- $2 = "1"
-- $3 = "true"
-- $4 = "n%"
