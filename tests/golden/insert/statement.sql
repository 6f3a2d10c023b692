with "session" as materialized (
  select set_config('hasura.user', $7::text, true) as c), "written" as (
  insert into "public"."article" as t0 ("title", "labels", "details", "author_id", "body")
  values (case when (
      select s.c
      from "session" as s) is not null then $1::text else null::"pg_catalog"."text" end, ($2::text)::"pg_catalog"."text"[], ($3::text)::"pg_catalog"."jsonb", default, default), (case when (
      select s.c
      from "session" as s) is not null then $4::text else null::"pg_catalog"."text" end, default, default, ($5::text)::"pg_catalog"."int4", $6::text)
  returning t0.*)
select json_build_object('__typename', 'article_mutation_response'::text, 'affected_rows', (
    select count(*)
    from "written" as t0), 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'title', t0."title", 'labels', t0."labels", 'details', t0."details", 'author', (
            select row_to_json("{}")
            from (
              select t1."name" as "name"
              from "public"."author" as t1
              where (t1."id" = t0."author_id")) as "{}"
            limit 1))), '[]'::json)
    from "written" as t0))
-- $1 = "A"
-- $2 = "{\"x\",\"y\"}"
-- $3 = "{\"k\":[1]}"
-- $4 = "B"
-- $5 = "2"
-- $6 = null
-- $7 = "{\"x-hasura-role\":\"admin\"}"
