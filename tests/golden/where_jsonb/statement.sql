select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."author" as t0
  where ((t0."profile" @> $1::"pg_catalog"."jsonb") and (t0."profile" ? $2::text) and (t0."profile" ?| $3::text[]) and (t0."profile" ?& $4::text[]) and ((t0."profile")::"pg_catalog"."text" ~~ $5::text))) as "{}"
-- $1 = "{\"home\":{\"city\":\"London\"}}"
-- $2 = "langs"
-- $3 = ["home", "none"]
-- $4 = ["home"]
-- $5 = "%London%"

select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."article" as t0
  where (t0."details" <@ $1::"pg_catalog"."jsonb")
  order by t0."id" asc nulls last) as "{}"
-- $1 = "{\"pages\":10,\"more\":[1]}"
