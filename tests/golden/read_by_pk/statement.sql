select json_build_object('id', t0."id", 'title', t0."title", 'published_at', t0."published_at", 'views', t0."views", 'details', t0."details")
from "public"."article" as t0
where (t0."id" = $1::"pg_catalog"."int4")
-- $1 = "1"
