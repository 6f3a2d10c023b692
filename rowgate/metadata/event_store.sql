-- What a source's own database holds of event triggers, table for table what Hasura's source
-- catalogue has, so that either engine can go on with what the other left.
create schema if not exists hdb_catalog;

do $$
begin
    if pg_catalog.to_regprocedure('hdb_catalog.gen_hasura_uuid()') is null then
        create function hdb_catalog.gen_hasura_uuid() returns uuid
            language sql as 'select gen_random_uuid()';
    end if;
end
$$;

create table if not exists hdb_catalog.hdb_source_catalog_version (
    version text not null,
    upgraded_on timestamptz not null
);
create unique index if not exists hdb_source_catalog_version_one_row
    on hdb_catalog.hdb_source_catalog_version ((version is not null));
insert into hdb_catalog.hdb_source_catalog_version (version, upgraded_on)
    select '3', now() where not exists (select from hdb_catalog.hdb_source_catalog_version);

create table if not exists hdb_catalog.event_log (
    id text default hdb_catalog.gen_hasura_uuid() primary key,
    schema_name text not null,
    table_name text not null,
    trigger_name text not null,
    payload jsonb not null,
    delivered boolean not null default false,
    error boolean not null default false,
    tries integer not null default 0,
    created_at timestamp default now(),
    locked timestamptz,
    next_retry_at timestamp,
    archived boolean not null default false
);
create index if not exists event_log_trigger_name_idx on hdb_catalog.event_log (trigger_name);
create index if not exists event_log_fetch_events
    on hdb_catalog.event_log (locked nulls first, next_retry_at nulls first, created_at)
    where delivered = false and error = false and archived = false;

create table if not exists hdb_catalog.event_invocation_logs (
    id text default hdb_catalog.gen_hasura_uuid() primary key,
    trigger_name text,
    event_id text,
    status integer,
    request json,
    response json,
    created_at timestamp default now()
);
alter table hdb_catalog.event_invocation_logs add column if not exists trigger_name text;
create index if not exists event_invocation_logs_event_id_idx
    on hdb_catalog.event_invocation_logs (event_id);

create table if not exists hdb_catalog.hdb_event_log_cleanups (
    id text default hdb_catalog.gen_hasura_uuid() primary key,
    trigger_name text not null,
    scheduled_at timestamp not null,
    deleted_event_logs integer,
    deleted_event_invocation_logs integer,
    status text not null
        constraint hdb_event_log_cleanups_status_check
        check (status in ('scheduled', 'paused', 'completed', 'dead')),
    unique (trigger_name, scheduled_at)
);

-- Writes one event, with the session and the trace of the transaction that it happened in; gives
-- its id. What Hasura's triggers on tables call, too.
create or replace function hdb_catalog.insert_event_log(
    schema_name text, table_name text, trigger_name text, op text, row_data json
) returns text language plpgsql as $$
declare
    event_id text := gen_random_uuid();
begin
    insert into hdb_catalog.event_log (id, schema_name, table_name, trigger_name, payload)
    values (
        event_id,
        insert_event_log.schema_name,
        insert_event_log.table_name,
        insert_event_log.trigger_name,
        json_build_object(
            'op', op,
            'data', row_data,
            'session_variables', nullif(current_setting('hasura.user', true), '')::json,
            'trace_context', nullif(current_setting('hasura.tracecontext', true), '')::json
        )
    );
    return event_id;
end
$$;
