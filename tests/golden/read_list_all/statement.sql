select coalesce(json_agg(json_build_object('id', t0."id", 'name', t0."name")), '[]'::json)
from "public"."tag" as t0
