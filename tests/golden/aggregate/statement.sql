select json_build_object('aggregate', json_build_object('count', count(*), 'authors', count(distinct t0."author_id"), 'sum', json_build_object('views', sum(t0."views"), 'rating', sum(t0."rating")), 'avg', json_build_object('rating', avg(t0."rating")), 'max', json_build_object('title', max(t0."title"), 'published_at', max(t0."published_at"), 'views', max(t0."views")), 'min', json_build_object('title', min(t0."title")), 'stddev_pop', json_build_object('rating', stddev_pop(t0."rating"))), 'nodes', coalesce(json_agg(json_build_object('id', t0."id", 'title', t0."title")
      order by t0."rowgate:number"), '[]'::json))
from (
  select b.*, row_number() over () as "rowgate:number"
  from (
    select t0.*
    from "public"."article" as t0
    where (t0."author_id" is not null)
    order by t0."id" asc nulls last) as b) as t0
