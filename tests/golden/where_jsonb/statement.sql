select coalesce(json_agg(json_build_object('id', t0."id")), '[]'::json)
from "public"."author" as t0
where ((t0."profile" @> ($1::text)::"pg_catalog"."jsonb") and (t0."profile" ? $2::text) and (t0."profile" ?| ($3::text[])::"pg_catalog"."text"[]) and (t0."profile" ?& ($4::text[])::"pg_catalog"."text"[]) and ((t0."profile")::"pg_catalog"."text" ~~ $5::text))
-- $1 = "{\"home\":{\"city\":\"London\"}}"
-- $2 = "langs"
-- $3 = ["home", "none"]
-- $4 = ["home"]
-- $5 = "%London%"

select coalesce(json_agg(r.o), '[]'::json)
from (
  select json_build_object('id', t0."id") as o
  from "public"."article" as t0
  where (t0."details" <@ ($1::text)::"pg_catalog"."jsonb")
  order by t0."id" asc nulls last) as r
-- $1 = "{\"pages\":10,\"more\":[1]}"
