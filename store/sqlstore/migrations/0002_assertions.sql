-- A row is a client assertion that was used: the digest of its client and jti.
CREATE TABLE assertions (
	id         TEXT /*pg COLLATE "C" pg*/ NOT NULL PRIMARY KEY,
	expires_at BIGINT NOT NULL
);
