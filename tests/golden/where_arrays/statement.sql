select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."labels" as "labels"
  from "public"."article" as t0
  where ((t0."labels" @> ($1::text)::"pg_catalog"."text"[]) and (t0."labels" <@ ($2::text)::"pg_catalog"."text"[]) and (t0."labels" <> ($3::text)::"pg_catalog"."text"[]))) as "{}"
-- $1 = "{\"math\"}"
-- $2 = "{\"early\",\"math\",\"x\"}"
-- $3 = "{}"

select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id"
  from "public"."author" as t0
  where (t0."nicknames" = ($1::text)::"pg_catalog"."text"[])) as "{}"
-- $1 = "{\"countess\",\"the, first\"}"
