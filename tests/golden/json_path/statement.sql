select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('city', (t0."profile" #> $1::text[]), 'second', (t0."profile" #> $2::text[]), 'room', (t0."profile" #> $3::text[]), 'whole', t0."profile") as o
  from "public"."author" as t0
  order by t0."id" asc nulls last) as r
-- $1 = ["home", "city"]
-- $2 = ["langs", "1"]
-- $3 = ["home", "rooms", "0"]
