select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select (t0."profile" #> $1::text[]) as "city", (t0."profile" #> $2::text[]) as "second", (t0."profile" #> $3::text[]) as "room", t0."profile" as "whole"
  from "public"."author" as t0
  order by t0."id" asc nulls last) as "{}"
-- $1 = ["home", "city"]
-- $2 = ["langs", "1"]
-- $3 = ["home", "rooms", "0"]
