-- A row is a person's own tokens of one upstream. What is in sealed opens for this
-- person and this login only.
CREATE TABLE connections (
	person       TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	login        TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	name         TEXT NOT NULL,
	version      TEXT NOT NULL,
	sealed       TEXT NOT NULL,
	connected_at BIGINT NOT NULL,
	leased_until BIGINT,
	dead_at      BIGINT,
	PRIMARY KEY (person, login)
);
