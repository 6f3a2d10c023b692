BEGIN;

with "session" as materialized (
  select set_config('hasura.user', $1::text, true) as c)
insert into "public"."article" as t0 ("title", "labels", "details", "author_id", "body")
values (case when (
    select s.c
    from "session" as s) is not null then $2::text else null::"pg_catalog"."text" end, ($3::text)::"pg_catalog"."text"[], $4::"pg_catalog"."jsonb", default, default), ($5::text, default, default, $6::"pg_catalog"."int4", $7::text)
returning row(t0.*)::text
-- $1 = "{\"x-hasura-role\":\"admin\"}"
-- $2 = "A"
-- $3 = "{\"x\",\"y\"}"
-- $4 = "{\"k\":[1]}"
-- $5 = "B"
-- $6 = "2"
-- $7 = null

select json_build_object('__typename', 'article_mutation_response'::text, 'affected_rows', ($2::text)::int4, 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'title', t0."title", 'labels', t0."labels", 'details', t0."details", 'author', (
            select json_build_object('name', t1."name")
            from "public"."author" as t1
            where (t1."id" = t0."author_id")
            limit 1))), '[]'::json)
    from (
      select (r."rowgate:row").*, r."rowgate:row"
      from (
        select u.x::"public"."article" as "rowgate:row"
        from unnest($1::text[]) with ordinality as u(x, n)
        order by u.n) as r) as t0))
-- $1 = ["(6,A,,,f,,,,0,\"{x,y}\",\"{\"\"k\"\": [1]}\",)", "(7,B,,2,f,,,,0,{},{},)"]
-- $2 = "2"

COMMIT;
