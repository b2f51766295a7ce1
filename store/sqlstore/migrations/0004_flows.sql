-- A row is an attempt to connect. steps are lines of JSON, appended to.
CREATE TABLE flows (
	id          TEXT /*pg COLLATE "C" pg*/ NOT NULL PRIMARY KEY,
	started_at  BIGINT NOT NULL,
	last_at     BIGINT NOT NULL,
	standing    BIGINT NOT NULL,
	client_id   TEXT NOT NULL,
	client_name TEXT NOT NULL,
	resource    TEXT NOT NULL,
	subject     TEXT NOT NULL,
	grant_id    TEXT /*pg COLLATE "C" pg*/,
	called_at   BIGINT,
	steps       TEXT NOT NULL
);
CREATE INDEX flows_by_start ON flows (started_at, id);
CREATE INDEX flows_by_standing ON flows (standing, started_at);
CREATE INDEX flows_by_grant ON flows (grant_id) WHERE grant_id IS NOT NULL;
