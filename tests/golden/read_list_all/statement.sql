select coalesce(json_agg(row_to_json("{}")), '[]'::json)
from (
  select t0."id" as "id", t0."name" as "name"
  from "public"."tag" as t0) as "{}"
