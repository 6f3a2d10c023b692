-- A music shop of our own making in the shape of the well-known Chinook: deterministic, no licence
-- but ours. tenant_id is what the bench's role filters by.

-- Nobody pays for the just-in-time compiler, which costs more than it saves in statements this small.
do $$ begin execute format('alter database %I set jit = off', current_database()); end $$;

create table artist (id int primary key, tenant_id int not null default 1, name text not null);
create table album (
  id int primary key, tenant_id int not null default 1, title text not null,
  artist_id int not null references artist
);
create table genre (id int primary key, tenant_id int not null default 1, name text not null);
create table track (
  id int primary key, tenant_id int not null default 1, name text not null,
  album_id int not null references album, genre_id int not null references genre,
  composer text, milliseconds int not null, bytes int not null, unit_price numeric(10, 2) not null
);
create table employee (
  id int primary key, tenant_id int not null default 1, first_name text not null,
  last_name text not null
);
create table customer (
  id int primary key, tenant_id int not null default 1, first_name text not null,
  last_name text not null, phone text, support_rep_id int not null references employee
) with (fillfactor = 50);
create table invoice (
  id int primary key, tenant_id int not null default 1, total numeric(10, 2) not null,
  customer_id int not null references customer
);
create table invoice_line (
  id int primary key, tenant_id int not null default 1, quantity int not null,
  unit_price numeric(10, 2) not null, invoice_id int not null references invoice,
  track_id int not null references track
);

create function pg_temp.words(seed int, count int) returns text language sql immutable as $$
  select string_agg(
    (array['river','stone','night','amber','glass','velvet','north','silver','echo','garden',
           'paper','iron','summer','hollow','radio','winter'])
      [1 + (hashint4(seed * 31 + n) & 2147483647) % 16], ' ' order by n)
  from generate_series(1, count) as n
$$;
create function pg_temp.draw(seed int, below int) returns int language sql immutable as $$
  select 1 + (hashint4(seed) & 2147483647) % below
$$;

insert into artist (id, name)
  select n, initcap(pg_temp.words(n, 2)) from generate_series(1, 275) as n;
insert into album (id, title, artist_id)
  select n, initcap(pg_temp.words(n + 1000, 3)), 1 + (n - 1) % 275
  from generate_series(1, 347) as n;
insert into genre (id, name)
  select n, initcap(pg_temp.words(n + 9000, 1)) || ' ' || n from generate_series(1, 25) as n;
insert into track (id, name, album_id, genre_id, composer, milliseconds, bytes, unit_price)
  select n, initcap(pg_temp.words(n + 20000, 3)), 1 + (n - 1) % 347, pg_temp.draw(n, 25),
    case when n % 5 > 0 then initcap(pg_temp.words(n + 40000, 2)) end,
    100000 + pg_temp.draw(n + 1, 400000), 2000000 + pg_temp.draw(n + 2, 9000000),
    case when n % 7 = 0 then 1.99 else 0.99 end
  from generate_series(1, 3503) as n;
insert into employee (id, first_name, last_name)
  select n, initcap(pg_temp.words(n + 60000, 1)), initcap(pg_temp.words(n + 61000, 1))
  from generate_series(1, 8) as n;
insert into customer (id, first_name, last_name, phone, support_rep_id)
  select n, initcap(pg_temp.words(n + 70000, 1)), initcap(pg_temp.words(n + 71000, 1)),
    '+' || (40000000 + n), 1 + (n - 1) % 8
  from generate_series(1, 1000) as n;
insert into invoice (id, total, customer_id)
  select n, pg_temp.draw(n, 2500) / 100.0, pg_temp.draw(n + 3, 1000)
  from generate_series(1, 4120) as n;
insert into invoice_line (id, quantity, unit_price, invoice_id, track_id)
  select n, 1, case when n % 9 = 0 then 1.99 else 0.99 end, 1 + (n - 1) % 4120,
    pg_temp.draw(n, 3503)
  from generate_series(1, 22400) as n;

create index on album (artist_id);
create index on track (album_id);
create index on track (genre_id);
create index on customer (support_rep_id);
create index on invoice (customer_id);
create index on invoice_line (invoice_id);
create index on invoice_line (track_id);
