select json_build_object('group_by', (
    select coalesce(json_agg(g.o), '[]'::json)
    from (
      select json_build_object('group_key', json_build_object('author_id', t0."author_id", 'genre', t0."genre"), 'aggregate', json_build_object('count', count(*), 'sum', json_build_object('views', sum(t0."views")), 'max', json_build_object('title', max(t0."title")))) as o
      from (
        select t0.*
        from "public"."article" as t0
        where (t0."author_id" is not null)) as t0
      group by t0."author_id", t0."genre"
      order by t0."author_id", t0."genre") as g))
