-- A row is a person's own tokens of one upstream for one resource, and what is in
-- sealed opens for these three only. What was kept before is bound to no resource,
-- nor was it asked for on behalf of one: it cannot be kept, and people connect again
-- when they next come with a client.
DROP TABLE connections;
CREATE TABLE connections (
	person       TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	login        TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	resource     TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	name         TEXT NOT NULL,
	version      TEXT NOT NULL,
	sealed       TEXT NOT NULL,
	connected_at BIGINT NOT NULL,
	leased_until BIGINT,
	dead_at      BIGINT,
	PRIMARY KEY (person, login, resource)
);
