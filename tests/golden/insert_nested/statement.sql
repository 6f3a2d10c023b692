BEGIN;

with "session" as materialized (
  select set_config('hasura.user', $1::text, true) as c)
insert into "public"."author" as t0 ("name")
values (case when (
    select s.c
    from "session" as s) is not null then $2::text else null::"pg_catalog"."text" end), ($3::text)
returning row(t0.*)::text, t0."id"::text
-- $1 = "{\"x-hasura-role\":\"admin\"}"
-- $2 = "N1"
-- $3 = "N2"

with "session" as materialized (
  select set_config('hasura.user', $1::text, true) as c)
insert into "public"."article" as t0 ("title", "author_id")
values (case when (
    select s.c
    from "session" as s) is not null then $2::text else null::"pg_catalog"."text" end, $3::"pg_catalog"."int4"), ($4::text, $3::"pg_catalog"."int4"), ($5::text, $6::"pg_catalog"."int4")
returning row(t0.*)::text, t0."id"::text
-- $1 = "{\"x-hasura-role\":\"admin\"}"
-- $2 = "a"
-- $3 = "4"
-- $4 = "b"
-- $5 = "c"
-- $6 = "5"

with "session" as materialized (
  select set_config('hasura.user', $1::text, true) as c)
insert into "public"."tag" as t0 ("name")
values (case when (
    select s.c
    from "session" as s) is not null then $2::text else null::"pg_catalog"."text" end)
returning row(t0.*)::text, t0."id"::text
-- $1 = "{\"x-hasura-role\":\"admin\"}"
-- $2 = "new"

with "session" as materialized (
  select set_config('hasura.user', $1::text, true) as c)
insert into "public"."article_tag" as t0 ("article_id", "tag_id")
values (case when (
    select s.c
    from "session" as s) is not null then $2::"pg_catalog"."int4" else null::"pg_catalog"."int4" end, $3::"pg_catalog"."int4"), ($2::"pg_catalog"."int4", $4::"pg_catalog"."int4")
returning row(t0.*)::text
-- $1 = "{\"x-hasura-role\":\"admin\"}"
-- $2 = "6"
-- $3 = "4"
-- $4 = "1"

select json_build_object('affected_rows', ($2::text)::int4, 'returning', (
    select coalesce(json_agg(json_build_object('id', t0."id", 'name', t0."name", 'articles', (
            select coalesce(json_agg(row_to_json("{}")), '[]'::json)
            from (
              select t1."title" as "title", (
                select coalesce(json_agg(row_to_json("{}")), '[]'::json)
                from (
                  select (case when t2_1."id" is not null then json_build_object('name', t2_1."name") end) as "tag"
                  from "public"."article_tag" as t2
                  left join "public"."tag" as t2_1 on (t2_1."id" = t2."tag_id")
                  where (t2."article_id" = t1."id")
                  order by t2."tag_id" asc nulls last) as "{}") as "article_tags"
              from "public"."article" as t1
              where (t1."author_id" = t0."id")
              order by t1."id" asc nulls last) as "{}"))), '[]'::json)
    from (
      select (r."rowgate:row").*, r."rowgate:row"
      from (
        select u.x::"public"."author" as "rowgate:row"
        from unnest($1::text[]) with ordinality as u(x, n)
        order by u.n) as r) as t0))
-- $1 = ["(4,N1,,f,,,)", "(5,N2,,f,,,)"]
-- $2 = "8"

COMMIT;
