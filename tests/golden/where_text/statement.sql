select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."title" as "title"
  from "public"."article" as t0
  where ((t0."title" ~~ $1::text) and (t0."title" !~~ $2::text) and (t0."title" ~~* $3::text) and (t0."title" !~~* $4::text) and (t0."title" similar to $5::text) and (t0."title" not similar to $6::text) and (t0."title" ~ $7::text) and (t0."title" !~ $8::text) and (t0."title" ~* $9::text) and (t0."title" !~* $10::text))
  order by t0."id" asc nulls last) as "{}"
-- $1 = "%e%"
-- $2 = "X%"
-- $3 = "%S"
-- $4 = "q%"
-- $5 = "%(s|t)"
-- $6 = "z+"
-- $7 = "^[A-Z]"
-- $8 = "^[0-9]"
-- $9 = "NUM|ENG|LET"
-- $10 = "^q"
