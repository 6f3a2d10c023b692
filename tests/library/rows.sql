truncate author, article, tag, article_tag restart identity;
insert into author (name, born, registered, rating, nicknames, profile) values
    ('Ada', '1815-12-10', true, 4.50, '{countess,"the, first"}',
     '{"langs": ["en", "fr"], "home": {"city": "London", "rooms": [1, 2, 3]}}'),
    ('Brontë', '1818-07-30', false, 3.25, '{}', '{"langs": ["en"], "home": {"city": "Haworth"}}'),
    ('Cleo', null, false, null, null, null);
insert into article
    (title, body, author_id, published, published_at, genre, rating, views, labels, details, editor)
values
    ('Engines', 'of analysis', 1, true, '2020-01-01 10:00:00+00', 'essay', 4.5, 9007199254740993,
     '{math,early}', '{"pages": 66, "notes": ["G", "A"]}', 'u1'),
    ('Numbers', null, 1, false, null, 'essay', 3.0, 5, '{}', '{"pages": 10}', 'u1'),
    ('Heights', 'of moors', 2, true, '2020-06-01 12:30:00+02', 'story', 5.0, 700,
     '{moor,"wind, cold"}', '{"pages": 400}', 'u2'),
    ('Letters', 'home', 2, true, '2021-03-01 00:00:00+00', 'news', null, 70, '{post}', '{}', 'u2'),
    ('Orphan', 'alone', null, false, null, null, 1.5, 0, '{}', '{"odd": null}', null);
insert into tag (name) values ('old'), ('short'), ('english');
insert into article_tag values (1, 1), (1, 3), (3, 1), (3, 3), (4, 2);
