-- A row is a key of a person's device. The primary key makes each of them one
-- person's: a device names its keys at random.
CREATE TABLE passkeys (
	id         TEXT /*pg COLLATE "C" pg*/ NOT NULL PRIMARY KEY,
	subject    TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	name       TEXT NOT NULL,
	public_key TEXT NOT NULL,
	uses       BIGINT NOT NULL,
	synced     BIGINT NOT NULL,
	transports TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	used_at    BIGINT NULL
);
CREATE INDEX passkeys_by_subject ON passkeys (subject, id);
