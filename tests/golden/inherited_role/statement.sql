select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id", 'name', t0."name", 'born', t0."born", 'label', (case when exists (
        select 1
        from "public"."article" as t1
        where (t1."author_id" = t0."id") and (t1."published" = ($1::text)::"pg_catalog"."bool")) then "public"."author_label"("author_row" => t0.*) end)) as o
  from "public"."author" as t0
  order by t0."id" asc nulls last) as r
-- $1 = "true"

select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id", 'title', t0."title", 'body', (case when (t0."editor" = $2::text) then t0."body" end), 'genre', (case when (t0."published" = ($1::text)::"pg_catalog"."bool") then t0."genre" end), 'views', (case when (t0."editor" = $2::text) then t0."views" end)) as o
  from "public"."article" as t0
  where ((t0."published" = ($1::text)::"pg_catalog"."bool") or (t0."editor" = $2::text))
  order by t0."id" asc nulls last) as r
-- $1 = "true"
-- $2 = "u1"
