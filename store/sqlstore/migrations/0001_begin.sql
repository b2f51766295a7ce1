-- One text for both engines. Times are BIGINT, milliseconds since 1970; NULL is
-- never. What stands between "pg" marks is a comment to SQLite and is read by
-- PostgreSQL: ids compare as octets there too, whatever the locale, and an
-- upgrade of the operating system's collations cannot break their indexes.

-- A grant is one row. Nothing that a refresh changes (generation, parent,
-- rotated_at, expires_at) may ever be indexed: PostgreSQL then updates in place,
-- in the room that the fill factor leaves.
CREATE TABLE grants (
	id            TEXT /*pg COLLATE "C" pg*/ NOT NULL PRIMARY KEY,
	code_id       TEXT /*pg COLLATE "C" pg*/ NOT NULL UNIQUE,
	subject       TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	client_id     TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	resource      TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	scope         TEXT NOT NULL,
	redirect_host TEXT NOT NULL,
	auth_time     BIGINT NOT NULL,
	created_at    BIGINT NOT NULL,
	expires_at    BIGINT NOT NULL,
	salt          TEXT NOT NULL,
	generation    BIGINT NOT NULL,
	parent        BIGINT NOT NULL,
	rotated_at    BIGINT,
	revoked_at    BIGINT,
	revoked_for   TEXT
) /*pg WITH (fillfactor = 85) pg*/;
CREATE INDEX grants_by_subject ON grants (subject, id);
CREATE INDEX grants_by_client ON grants (client_id, id);
CREATE INDEX grants_revoked ON grants (revoked_at) WHERE revoked_at IS NOT NULL;

-- metadata and introspects are JSON.
CREATE TABLE clients (
	id            TEXT /*pg COLLATE "C" pg*/ NOT NULL PRIMARY KEY,
	metadata      TEXT NOT NULL,
	secret_digest TEXT NOT NULL,
	source        TEXT NOT NULL,
	introspects   TEXT NOT NULL,
	created_at    BIGINT NOT NULL,
	last_used_at  BIGINT NOT NULL
);
CREATE INDEX clients_by_source ON clients (source);

-- place is 'first' for whoever was added while there was no one, and NULL for
-- all others: of two who try at once, the index lets one in.
CREATE TABLE people (
	id            TEXT /*pg COLLATE "C" pg*/ NOT NULL PRIMARY KEY,
	username      TEXT /*pg COLLATE "C" pg*/ NOT NULL UNIQUE,
	name          TEXT NOT NULL,
	email         TEXT NOT NULL,
	admin         BIGINT NOT NULL,
	password_hash TEXT NOT NULL,
	created_at    BIGINT NOT NULL,
	disabled_at   BIGINT,
	place         TEXT UNIQUE
);

CREATE TABLE sessions (
	id         TEXT /*pg COLLATE "C" pg*/ NOT NULL PRIMARY KEY,
	subject    TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	auth_time  BIGINT NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_subject ON sessions (subject);

-- One row per scope token, so that widening adds rows and reads nothing.
CREATE TABLE consents (
	subject       TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	client_id     TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	resource      TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	redirect_host TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	token         TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	agreed_at     BIGINT NOT NULL,
	PRIMARY KEY (subject, client_id, resource, redirect_host, token)
);
CREATE INDEX consents_by_client ON consents (client_id);

-- sealed and public are base64.
CREATE TABLE keys (
	id         TEXT /*pg COLLATE "C" pg*/ NOT NULL PRIMARY KEY,
	purpose    TEXT NOT NULL,
	algorithm  TEXT NOT NULL,
	slot       BIGINT NOT NULL,
	sealed     TEXT NOT NULL,
	public     TEXT,
	created_at BIGINT NOT NULL,
	signs_from BIGINT NOT NULL,
	signs_to   BIGINT,
	expires_at BIGINT,
	UNIQUE (purpose, algorithm, slot)
);

CREATE TABLE events (
	id        BIGINT NOT NULL PRIMARY KEY,
	at        BIGINT NOT NULL,
	kind      TEXT NOT NULL,
	actor     TEXT NOT NULL,
	subject   TEXT NOT NULL,
	client_id TEXT NOT NULL,
	grant_id  TEXT NOT NULL,
	detail    TEXT NOT NULL
);

-- The id of the last event. Its row lock puts events in the order in which they
-- are committed, so that who reads on from an id misses none.
CREATE TABLE event_count (
	n BIGINT NOT NULL
);
INSERT INTO event_count (n) VALUES (0);
