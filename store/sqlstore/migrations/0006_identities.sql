-- A row is who an upstream says that a person is. The primary key makes each of
-- them one person's.
CREATE TABLE identities (
	issuer    TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	subject   TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	person    TEXT /*pg COLLATE "C" pg*/ NOT NULL,
	name      TEXT NOT NULL,
	linked_at BIGINT NOT NULL,
	PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_by_person ON identities (person, issuer, subject);
